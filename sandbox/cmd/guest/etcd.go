package main

import (
	"fmt"
	"net/http"

	"github.com/iransre/exchange-platform/sandbox/hosts/guestapi"
)

// makeSSLEtcd stands in for the script with which Kubespray makes etcd's keys. It prints where the sandbox's etcd answers.
func makeSSLEtcd([]string) (int, error) {
	var answer guestapi.EtcdAnswer
	if err := call(http.MethodPost, guestapi.EtcdKeys, nil, &answer); err != nil {
		return 1, err
	}
	fmt.Println(answer.Endpoint)
	return 0, nil
}
