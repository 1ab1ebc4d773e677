package controlplane

import (
	"fmt"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// kubeconfigFor makes a kubeconfig that carries the certificate of that name with it.
func (l layout) kubeconfigFor(user, certificate, server string) ([]byte, error) {
	ca, err := os.ReadFile(l.certificate("ca"))
	if err != nil {
		return nil, err
	}
	cert, err := os.ReadFile(l.certificate(certificate))
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(l.key(certificate))
	if err != nil {
		return nil, err
	}
	context := user + "@" + clusterDomain
	config := clientcmdapi.NewConfig()
	config.Clusters[clusterDomain] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: ca}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key}
	config.Contexts[context] = &clientcmdapi.Context{Cluster: clusterDomain, AuthInfo: user}
	config.CurrentContext = context
	text, err := clientcmd.Write(*config)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig of %s: %w", user, err)
	}
	return text, nil
}
