package controlplane_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/iransre/exchange-platform/sandbox/controlplane"
	"github.com/iransre/exchange-platform/sandbox/controlplane/controlplanetest"
	"github.com/iransre/exchange-platform/sandbox/loopback"
)

// survivorVariable turns the test binary into a program that starts a control plane in the folder it names, at the address in
// survivorAddressVariable, and waits to be killed.
const (
	survivorVariable        = "CONTROLPLANE_TEST_DIR"
	survivorAddressVariable = "CONTROLPLANE_TEST_ADDRESS"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(survivorVariable); dir != "" {
		options := controlplane.Options{
			Dir: dir, Address: os.Getenv(survivorAddressVariable), Binary: os.Getenv(controlplanetest.BinaryVariable),
		}
		if _, err := controlplane.Start(context.Background(), options); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println("started")
		select {}
	}
	os.Exit(m.Run())
}

// TestControlPlane starts one control plane with two nodes for all that can be tried on it side by side.
func TestControlPlane(t *testing.T) {
	options := controlplanetest.Options(t)
	running, err := controlplane.Start(t.Context(), options)
	assert.NilError(t, err)
	t.Cleanup(running.Stop)
	f := &fixture{running: running, client: clientOf(t, running.Kubeconfig()), options: options}
	for i, name := range []string{"control", "worker"} {
		assert.NilError(t, running.ApplyNode(t.Context(), controlplane.Node{
			Name: name, ControlPlane: name == "control",
			InternalIP: fmt.Sprintf("10.20.0.%d", 10+i), ExternalIP: f.address(10 + i),
			Labels: map[string]string{"zone": "a"},
		}))
	}

	t.Run("workloads", func(t *testing.T) {
		for name, test := range map[string]func(*testing.T, *fixture){
			"nodes are ready":                     nodesAreReady,
			"a node leaves and joins again":       nodeLeavesAndJoinsAgain,
			"a bad taint is refused":              badTaintIsRefused,
			"a lost node comes back":              lostNodeComesBack,
			"pods of a deployment become ready":   deploymentBecomesReady,
			"a deleted pod goes at once":          deletedPodGoesAtOnce,
			"jobs complete, or fail when told to": jobsFinish,
			"claims get volumes":                  claimsGetVolumes,
			"services get addresses":              servicesGetAddresses,
			"the certificate follows":             certificateFollows,
			"a busy port is named":                busyPortIsNamed,
			"kubectl answers to its name":         kubectlAnswers,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, f)
			})
		}
	})
	t.Run("a process that dies is started again", func(t *testing.T) { deadProcessReturns(t, f) })
	t.Run("three members of etcd are restored as documented", func(t *testing.T) { threeMembersAreRestored(t, f) })
	t.Run("nothing is left after Stop", func(t *testing.T) {
		assert.Equal(t, len(processesOf(t, options.Dir)), 5)
		running.Stop()
		assert.DeepEqual(t, processesOf(t, options.Dir), []int(nil))
	})
}

// TestKilledCallerLeavesNothingButItsData: the processes end with a caller that is killed, and the next one continues over its folder.
func TestKilledCallerLeavesNothingButItsData(t *testing.T) {
	options := controlplanetest.Options(t)
	self, err := os.Executable()
	assert.NilError(t, err)
	caller := exec.Command(self)
	caller.Env = append(os.Environ(), survivorVariable+"="+options.Dir, survivorAddressVariable+"="+options.Address,
		controlplanetest.BinaryVariable+"="+options.Binary)
	caller.Stderr = os.Stderr
	output, err := caller.StdoutPipe()
	assert.NilError(t, err)
	assert.NilError(t, caller.Start())
	t.Cleanup(func() { _ = caller.Process.Kill() })
	line := make([]byte, len("started"))
	_, err = output.Read(line)
	assert.NilError(t, err)
	assert.Equal(t, string(line), "started")
	kubeconfig, err := os.ReadFile(filepath.Join(options.Dir, "admin.kubeconfig"))
	assert.NilError(t, err)
	_, err = clientOf(t, kubeconfig).CoreV1().ConfigMaps("default").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "kept"}}, metav1.CreateOptions{})
	assert.NilError(t, err)

	assert.NilError(t, caller.Process.Kill())
	_ = caller.Wait()
	eventually(t, "the processes end", func() error {
		if left := processesOf(t, options.Dir); left != nil {
			return fmt.Errorf("processes %v run", left)
		}
		return nil
	})

	running, err := controlplane.Start(t.Context(), options)
	assert.NilError(t, err)
	t.Cleanup(running.Stop)
	assert.DeepEqual(t, running.Kubeconfig(), kubeconfig)
	_, err = clientOf(t, kubeconfig).CoreV1().ConfigMaps("default").Get(t.Context(), "kept", metav1.GetOptions{})
	assert.NilError(t, err)
}

func TestStartNeedsTheBinary(t *testing.T) {
	_, err := controlplane.Start(t.Context(), controlplane.Options{Dir: t.TempDir(), Address: "127.0.0.1", Binary: "/nowhere/kube"})
	assert.ErrorContains(t, err, "/nowhere/kube")
	assert.ErrorContains(t, err, controlplane.BinaryPackage)
}

func TestStartReportsAProcessThatEnds(t *testing.T) {
	_, err := controlplane.Start(t.Context(), controlplane.Options{Dir: t.TempDir(), Address: loopback.Prefix(t) + ".1", Binary: "/bin/false"})
	assert.ErrorContains(t, err, "exit status 1")
}

type fixture struct {
	running *controlplane.ControlPlane
	client  kubernetes.Interface
	options controlplane.Options
}

// address is the n-th one of the control plane's network.
func (f *fixture) address(n int) string {
	return fmt.Sprintf("%s.%d", strings.TrimSuffix(f.options.Address, ".1"), n)
}

// namespace makes one for a test alone.
func (f *fixture) namespace(t *testing.T) string {
	t.Helper()
	made, err := f.client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	assert.NilError(t, err)
	eventually(t, "service account", func() error {
		_, err := f.client.CoreV1().ServiceAccounts(made.Name).Get(t.Context(), "default", metav1.GetOptions{})
		return err
	})
	return made.Name
}

func certificateFollows(t *testing.T, f *fixture) {
	assert.NilError(t, f.running.IssueServing([]string{f.address(10), "api.demo.example"}))
	server := "https://" + f.running.Address()
	config, err := clientcmd.RESTConfigFromKubeConfig(f.running.AdminKubeconfig(server))
	assert.NilError(t, err)
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(config.CAData)
	for _, name := range []string{f.address(10), "api.demo.example", f.address(1), "kubernetes.default.svc"} {
		connection, err := tls.Dial("tcp", f.running.Address(), &tls.Config{RootCAs: trusted, ServerName: name})
		assert.NilError(t, err)
		connection.Close()
	}
	_, err = tls.Dial("tcp", f.running.Address(), &tls.Config{RootCAs: trusted, ServerName: "elsewhere.example"})
	assert.ErrorContains(t, err, "elsewhere.example")
}

func busyPortIsNamed(t *testing.T, f *fixture) {
	second := f.options
	second.Dir = t.TempDir()
	_, err := controlplane.Start(t.Context(), second)
	assert.ErrorContains(t, err, "port 6443 on "+f.options.Address+" is in use by process")
	assert.ErrorContains(t, err, "kube-apiserver")
	assert.ErrorContains(t, err, "port 2379")
}

func kubectlAnswers(t *testing.T, f *fixture) {
	kubectl := filepath.Join(t.TempDir(), "kubectl")
	assert.NilError(t, os.Symlink(f.options.Binary, kubectl))
	command := exec.Command(kubectl, "version", "--kubeconfig", filepath.Join(f.options.Dir, "admin.kubeconfig"))
	output, err := command.CombinedOutput()
	assert.NilError(t, err, string(output))
	assert.Assert(t, cmp.Contains(string(output), "Client Version: "+controlplane.KubernetesVersion))
	assert.Assert(t, cmp.Contains(string(output), "Server Version: "+controlplane.KubernetesVersion))
}

func deadProcessReturns(t *testing.T, f *fixture) {
	before := processesOf(t, f.options.Dir)
	for _, pid := range before {
		assert.NilError(t, syscall.Kill(pid, syscall.SIGKILL))
	}
	eventually(t, "five new processes", func() error {
		now := processesOf(t, f.options.Dir)
		if len(now) != 5 || slices.ContainsFunc(now, func(pid int) bool { return slices.Contains(before, pid) }) {
			return fmt.Errorf("processes %v, before %v", now, before)
		}
		_, err := f.client.CoreV1().Nodes().Get(t.Context(), "worker", metav1.GetOptions{})
		return err
	})
	namespace := f.namespace(t)
	f.create(t, namespace, pod("after"))
	f.eventuallyPod(t, namespace, "after", corev1.PodRunning)
}

// processesOf lists the processes that were started for a folder, sorted.
func processesOf(t *testing.T, dir string) []int {
	t.Helper()
	entries, err := filepath.Glob("/proc/[0-9]*/cmdline")
	assert.NilError(t, err)
	var found []int
	for _, entry := range entries {
		text, err := os.ReadFile(entry)
		words := bytes.Split(text, []byte{0})
		if err != nil || len(words) < 3 || !strings.HasSuffix(string(words[0]), "kube") || !bytes.Contains(text, []byte(dir)) {
			continue
		}
		var pid int
		_, err = fmt.Sscanf(entry, "/proc/%d/", &pid)
		assert.NilError(t, err)
		found = append(found, pid)
	}
	slices.Sort(found)
	return found
}

func clientOf(t *testing.T, kubeconfig []byte) kubernetes.Interface {
	t.Helper()
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	assert.NilError(t, err)
	config.QPS, config.Burst = 100, 200
	client, err := kubernetes.NewForConfig(config)
	assert.NilError(t, err)
	return client
}

// eventually tries until it succeeds.
func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// gone turns the absence of an object into success.
func gone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil {
		return fmt.Errorf("it is still there")
	}
	return err
}
