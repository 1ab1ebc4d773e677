package workspace

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// checkout is a folder that looks like one, with the test in it.
func checkout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	assert.NilError(t, os.WriteFile(filepath.Join(root, "Pulumi.yaml"), nil, 0o644))
	assert.NilError(t, os.MkdirAll(filepath.Join(root, "deep", "down"), 0o755))
	t.Chdir(filepath.Join(root, "deep", "down"))
	return root
}

func TestTheCheckoutIsFoundFromBelow(t *testing.T) {
	root := checkout(t)
	w, err := Open()
	assert.NilError(t, err)
	assert.Equal(t, w.Root, root)
}

func TestOutsideACheckoutNothingIsMade(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := Open()
	assert.ErrorContains(t, err, "not in a checkout of exchange-platform")
}

func TestTheAddressesStay(t *testing.T) {
	checkout(t)
	first, err := Open()
	assert.NilError(t, err)
	again, err := Open()
	assert.NilError(t, err)
	assert.Equal(t, first.Network, again.Network, "they stand in the stack's state")
	assert.Assert(t, first.Network.Addr().IsLoopback())
}

func TestTwoSandboxesOfACheckoutShareOnlyTheTools(t *testing.T) {
	checkout(t)
	one, err := Open()
	assert.NilError(t, err)
	t.Setenv("SANDBOX_NAME", "other")
	other, err := Open()
	assert.NilError(t, err)
	assert.Equal(t, one.Binary("pulumi"), other.Binary("pulumi"))
	assert.Assert(t, one.Path("state") != other.Path("state"))
	assert.Assert(t, one.Network != other.Network)

	variables, err := other.Environment("demo")
	assert.NilError(t, err)
	assert.Equal(t, variables["SANDBOX_NAME"], "other", "what is typed in its shell is meant for it")
	variables, err = one.Environment("demo")
	assert.NilError(t, err)
	_, named := variables["SANDBOX_NAME"]
	assert.Assert(t, !named)
}

func TestSecretsAreTheUsersAlone(t *testing.T) {
	checkout(t)
	w, err := Open()
	assert.NilError(t, err)
	secret, err := w.Secret("api-key")
	assert.NilError(t, err)
	again, err := w.Secret("api-key")
	assert.NilError(t, err)
	assert.Equal(t, secret, again)
	info, err := os.Stat(w.Path("secrets", "api-key"))
	assert.NilError(t, err)
	assert.Equal(t, info.Mode().Perm(), os.FileMode(0o600))
}

func sources(charts string) Sources {
	return Sources{Charts: charts, Kubespray: func(tag string) (Archive, error) {
		return Archive{URL: "http://files/" + cmp.Or(tag, "newest"), SHA256: "sum of " + cmp.Or(tag, "newest")}, nil
	}}
}

func TestTheArchiveOfKubesprayIsThatOfTheStackFilesRelease(t *testing.T) {
	root := checkout(t)
	for text, tag := range map[string]string{
		"config: {exchange-platform:kubernetes: {kubespray: {version: v2.30.0}}}": "v2.30.0",
		"config: {exchange-platform:kubernetes: {version: 1.35.4}}":               "newest",
	} {
		assert.NilError(t, os.WriteFile(filepath.Join(root, "Pulumi.demo.yaml"), []byte(text), 0o644))
		w, err := Open()
		assert.NilError(t, err)
		assert.NilError(t, w.WriteStackFile("demo", sources("")))
		made, err := os.ReadFile(w.StackFile("demo"))
		assert.NilError(t, err)
		assert.Assert(t, strings.Contains(string(made), "http://files/"+tag) && strings.Contains(string(made), "sum of "+tag), string(made))
	}
}

func TestTheStackFileIsTheCheckoutsWithTheSandboxsAddresses(t *testing.T) {
	root := checkout(t)
	assert.NilError(t, os.WriteFile(filepath.Join(root, "Pulumi.demo.yaml"), []byte(
		"config:\n  exchange-platform:cloud: {zone: ir-thr-fr1, adminCidrs: [203.0.113.0/24]}\n"), 0o644))
	w, err := Open()
	assert.NilError(t, err)
	assert.NilError(t, w.WriteStackFile("demo", sources("http://charts")))

	// what `stack init` writes there must live through the next run
	file, err := os.ReadFile(w.StackFile("demo"))
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(w.StackFile("demo"), append(file, "encryptionsalt: v1:salt\n"...), 0o600))
	assert.NilError(t, w.WriteStackFile("demo", sources("http://charts")))

	text, err := os.ReadFile(w.StackFile("demo"))
	assert.NilError(t, err)
	for _, wanted := range []string{"zone: ir-thr-fr1", w.APIURL(), "127.0.0.0/8", "http://charts", "encryptionsalt: v1:salt"} {
		assert.Assert(t, strings.Contains(string(text), wanted), "%s is missing in\n%s", wanted, text)
	}
	assert.Assert(t, !strings.Contains(string(text), "203.0.113.0/24"), "a list is replaced, not merged")
}

func TestMirrorsStandInTheStackFileWhereMachinesInstallFromThem(t *testing.T) {
	root := checkout(t)
	assert.NilError(t, os.WriteFile(filepath.Join(root, "Pulumi.demo.yaml"), []byte(
		"config: {exchange-platform:mirrors: {registries: {example.com: \"https://own\"}}}"), 0o644))
	w, err := Open()
	assert.NilError(t, err)
	for _, mirrored := range []bool{false, true} {
		from := sources("")
		if mirrored {
			from.Registries, from.Files = map[string]string{"docker.io": w.RegistryURL()}, w.MirrorURL()
		}
		assert.NilError(t, w.WriteStackFile("demo", from))
		text, err := os.ReadFile(w.StackFile("demo"))
		assert.NilError(t, err)
		assert.Assert(t, strings.Contains(string(text), "example.com: https://own"), string(text))
		assert.Equal(t, strings.Contains(string(text), "docker.io: "+w.RegistryURL()), mirrored)
		assert.Equal(t, strings.Contains(string(text), "files: "+w.MirrorURL()), mirrored)
	}
}

// What a user sets with `pulumi config set --secret` in the sandbox is in no other file.
func TestSecretsOfTheUserStay(t *testing.T) {
	root := checkout(t)
	stackFile := func(text string) {
		assert.NilError(t, os.WriteFile(filepath.Join(root, "Pulumi.demo.yaml"), []byte(text), 0o644))
	}
	w, err := Open()
	assert.NilError(t, err)
	stackFile("config:\n  exchange-platform:cloud: {zone: ir-thr-fr1}\n  exchange-platform:mirrors: {logins: [{host: a}]}\n")
	assert.NilError(t, w.WriteStackFile("demo", sources("http://charts")))
	assert.NilError(t, os.WriteFile(w.StackFile("demo"), []byte(`config:
  exchange-platform:cloud: {zone: {secure: v1:zone}}
  exchange-platform:exchange: {djangoSecretKey: {secure: v1:django}}
  exchange-platform:kubernetes: {etcdBackup: {bucket: gone, secretKey: {secure: v1:gone}}}
  exchange-platform:mirrors: {charts: http://charts, logins: [{host: a, password: {secure: v1:token}}]}
  arvancloud:apiKey: {secure: v1:key}
`), 0o600))
	for range 2 {
		assert.NilError(t, w.WriteStackFile("demo", sources("http://charts")))
	}
	text, err := os.ReadFile(w.StackFile("demo"))
	assert.NilError(t, err)
	for _, wanted := range []string{"v1:django", "v1:token", "v1:key"} {
		assert.Assert(t, strings.Contains(string(text), wanted), "%s is missing in\n%s", wanted, text)
	}
	assert.Assert(t, !strings.Contains(string(text), "v1:zone"), "the checkout's own value comes first:\n%s", text)
	assert.Assert(t, !strings.Contains(string(text), "v1:gone"), "the checkout's has no such section:\n%s", text)
}

func TestAnUnknownStackIsNamed(t *testing.T) {
	checkout(t)
	w, err := Open()
	assert.NilError(t, err)
	assert.ErrorContains(t, w.WriteStackFile("nosuch", Sources{}), `no stack "nosuch"`)
}

// The storage's keys are pulumi's to keep, as for a user: they are asked for until pulumi has them, and stay then.
func TestBackupsGoToTheSandboxsStorage(t *testing.T) {
	root := checkout(t)
	assert.NilError(t, os.WriteFile(filepath.Join(root, "Pulumi.prod.yaml"), []byte(
		"config:\n  exchange-platform:kubernetes: {etcdBackup: {bucket: the-users, keep: 9}}\n  exchange-platform:postgres: {backup: {bucket: the-users}}\n  exchange-platform:logging: {snapshots: {bucket: the-users}}\n"), 0o644))
	assert.NilError(t, os.WriteFile(filepath.Join(root, "Pulumi.demo.yaml"), []byte("config: {}\n"), 0o644))
	w, err := Open()
	assert.NilError(t, err)
	for _, stack := range []string{"prod", "demo"} {
		assert.NilError(t, w.WriteStackFile(stack, sources("charts")))
	}
	missing, err := w.MissingSecrets("prod")
	assert.NilError(t, err)
	const key = "exchange-platform:kubernetes.etcdBackup."
	const database = "exchange-platform:postgres.backup."
	const logs = "exchange-platform:logging.snapshots."
	assert.DeepEqual(t, missing, map[string]string{
		key + "accessKey": "storage-access-key", key + "secretKey": "storage-secret-key",
		database + "accessKey": "storage-access-key", database + "secretKey": "storage-secret-key",
		logs + "accessKey": "storage-access-key", logs + "secretKey": "storage-secret-key",
	})
	none, err := w.MissingSecrets("demo")
	assert.NilError(t, err)
	assert.Equal(t, len(none), 0, "a stack without backups needs no keys")

	text, err := os.ReadFile(w.StackFile("prod"))
	assert.NilError(t, err)
	for _, wanted := range []string{"keep: 9", "bucket: " + BackupBucket, "bucket: " + DatabaseBackupBucket, "bucket: " + LogsBucket, w.StorageURL(), "etcd-backup.crt"} {
		assert.Assert(t, strings.Contains(string(text), wanted), "%s is missing in\n%s", wanted, text)
	}
	// as `pulumi config set --secret` leaves it
	set := strings.Replace(string(text), "etcdBackup:\n", "etcdBackup:\n      secretKey: {secure: v1:sealed}\n", 1)
	assert.NilError(t, os.WriteFile(w.StackFile("prod"), []byte(set), 0o600))
	assert.NilError(t, w.WriteStackFile("prod", sources("charts")))
	missing, err = w.MissingSecrets("prod")
	assert.NilError(t, err)
	assert.DeepEqual(t, missing, map[string]string{
		key + "accessKey": "storage-access-key", database + "accessKey": "storage-access-key", database + "secretKey": "storage-secret-key",
		logs + "accessKey": "storage-access-key", logs + "secretKey": "storage-secret-key",
	})
	text, err = os.ReadFile(w.StackFile("prod"))
	assert.NilError(t, err)
	assert.Assert(t, strings.Contains(string(text), "secure: v1:sealed"), string(text))
}

func TestWhatStacksSayIsRead(t *testing.T) {
	root := checkout(t)
	w, err := Open()
	assert.NilError(t, err)
	assert.Assert(t, !w.Says("profile: demo"), "there is no stack yet")
	for stack, text := range map[string]string{
		"demo": "config:\n  exchange-platform:profile: demo\n  exchange-platform:edge: {domain: iransre.ir, mode: vip}\n",
		"prod": "config:\n  exchange-platform:profile: prod\n  exchange-platform:certificates: none\n",
	} {
		assert.NilError(t, os.WriteFile(filepath.Join(root, "Pulumi."+stack+".yaml"), []byte(text), 0o644))
		assert.NilError(t, w.WriteStackFile(stack, sources("charts")))
	}
	for setting, said := range map[string]bool{
		"profile: demo": true, "profile: prod": true, "edge.mode: vip": true, "edge.mode: dns": false, "edge.vip.address: 10.20.0.250": false,
		"certificates.engine: cert-manager": false, "ingress.engine: traefik": false,
		"ingress.engine: traefik or edge.mode: vip": true, "profile: prod or ingress.engine: traefik": true, "ingress.engine: traefik or edge.mode: dns": false,
	} {
		assert.Equal(t, w.Says(setting), said, setting)
	}
	given := "config:\n  exchange-platform:ingress: {engine: traefik}\n"
	assert.NilError(t, os.WriteFile(filepath.Join(root, "mine.yaml"), []byte(given), 0o644))
	assert.NilError(t, w.KeepGiven("mine.yaml"))
	assert.Assert(t, w.Says("ingress.engine: traefik") && w.Says("profile: prod"), "beside what the stacks' own files say")
}

// Where pods reach the sandbox's Git server, Argo CD watches that, whatever the stack file says; elsewhere, nobody looks at a repository.
func TestArgoCDWatchesTheSandboxsRepository(t *testing.T) {
	root := checkout(t)
	for stack, file := range map[string]string{
		"demo": "config:\n  exchange-platform:profile: demo\n  exchange-platform:delivery: {mode: gitops, gitops: {repository: https://gitlab.example.ir/devops.git, automated: false}}\n",
		"prod": "config:\n  exchange-platform:profile: prod\n",
	} {
		assert.NilError(t, os.WriteFile(filepath.Join(root, "Pulumi."+stack+".yaml"), []byte(file), 0o644))
	}
	w, err := Open()
	assert.NilError(t, err)
	from := sources("charts")
	assert.NilError(t, w.WriteStackFile("demo", from))
	missing, err := w.MissingSecrets("demo")
	assert.NilError(t, err)
	assert.Equal(t, len(missing), 0)
	assert.Assert(t, w.Says(SaysGitOps))

	from.Git = Git{URL: "https://198.18.0.1:7005", Authority: "PEM"}
	for _, stack := range []string{"demo", "prod"} {
		assert.NilError(t, w.WriteStackFile(stack, from))
	}
	text, err := os.ReadFile(w.StackFile("demo"))
	assert.NilError(t, err)
	for _, wanted := range []string{"repository: https://198.18.0.1:7005/" + DevOps, "authority: PEM", "username: " + GitReader, "automated: false"} {
		assert.Assert(t, strings.Contains(string(text), wanted), "%s is missing in\n%s", wanted, text)
	}
	missing, err = w.MissingSecrets("demo")
	assert.NilError(t, err)
	assert.DeepEqual(t, missing, map[string]string{"exchange-platform:delivery.gitops.password": GitReaderSecret})
	text, err = os.ReadFile(w.StackFile("prod"))
	assert.NilError(t, err)
	assert.Assert(t, !strings.Contains(string(text), DevOps), string(text))
}

// Of alerts a stack of prod tells somebody here, unless its file says whom itself.
func TestProdTellsSomebodyOfAlerts(t *testing.T) {
	root := checkout(t)
	const profile = "config:\n  exchange-platform:profile: "
	for stack, file := range map[string]string{
		"prod": profile + "prod\n", "own": profile + "prod\n  exchange-platform:alerting: {sms: {provider: template}}\n", "demo": profile + "demo\n",
	} {
		assert.NilError(t, os.WriteFile(filepath.Join(root, "Pulumi."+stack+".yaml"), []byte(file), 0o644))
	}
	w, err := Open()
	assert.NilError(t, err)
	const key = "exchange-platform:alerting."
	for stack, secrets := range map[string]map[string]string{
		"prod": {key + "telegram.token": "telegram-token", key + "sms.key": "sms-key"}, "own": {key + "sms.key": "sms-key"}, "demo": {},
	} {
		assert.NilError(t, w.WriteStackFile(stack, sources("charts")))
		missing, err := w.MissingSecrets(stack)
		assert.NilError(t, err)
		assert.DeepEqual(t, missing, secrets)
	}
	text, err := os.ReadFile(w.StackFile("own"))
	assert.NilError(t, err)
	assert.Assert(t, !strings.Contains(string(text), "chat"), string(text))
}

// Where pods say something, it is said here, whoever the stack's file names.
func TestPeopleAreToldHereWherePodsRun(t *testing.T) {
	root := checkout(t)
	assert.NilError(t, os.MkdirAll(filepath.Join(root, "sandbox", "stacks"), 0o755))
	assert.NilError(t, os.WriteFile(filepath.Join(root, "sandbox", "stacks", "Pulumi.watched.yaml"), []byte(`config:
  exchange-platform:alerting:
    telegram: {chat: -1, apiUrl: "https://telegram.example.com", proxy: "socks5://10.0.0.1:1080"}
    sms: {provider: kavenegar}
`), 0o644))
	assert.NilError(t, os.WriteFile(filepath.Join(root, "Pulumi.demo.yaml"), []byte("config: {}"), 0o644))
	w, err := Open()
	assert.NilError(t, err)
	for stack, wanted := range map[string][]string{"watched": {"http://here/telegram", "http://here/sms"}, "demo": nil} {
		from := sources("")
		from.Messages = Messages{Telegram: "http://here/telegram", SMS: "http://here/sms"}
		assert.NilError(t, w.WriteStackFile(stack, from))
		text, err := os.ReadFile(w.StackFile(stack))
		assert.NilError(t, err)
		assert.Equal(t, strings.Count(string(text), "http://here"), len(wanted), string(text))
		for _, address := range wanted {
			assert.Assert(t, strings.Contains(string(text), "apiUrl: "+address), string(text))
		}
		assert.Assert(t, !strings.Contains(string(text), "proxy: socks5") && !strings.Contains(string(text), "example.com"), string(text))
	}
}

func TestNotesOfInterruptedOperationsAreCounted(t *testing.T) {
	checkout(t)
	w, err := Open()
	assert.NilError(t, err)
	assert.NilError(t, os.MkdirAll(filepath.Dir(w.Checkpoint("demo")), 0o755))
	for text, want := range map[string]int{
		`{"version": 3, "checkpoint": {"stack": "demo"}}`:                                              0,
		`{"version": 3, "checkpoint": {"latest": {"resources": [{}]}}}`:                                0,
		`{"version": 3, "checkpoint": {"latest": {"pending_operations": [{"type": "creating"}, {}]}}}`: 2,
	} {
		assert.NilError(t, os.WriteFile(w.Checkpoint("demo"), []byte(text), 0o600))
		pending, err := w.Pending("demo")
		assert.NilError(t, err)
		assert.Equal(t, pending, want)
	}
}

// What runs on machines stays of one origin.
func TestTheOriginOfImagesIsChosenWhileThereAreNoMachines(t *testing.T) {
	checkout(t)
	w, err := Open()
	assert.NilError(t, err)
	assert.Equal(t, w.Origin(), Made)
	assert.ErrorContains(t, w.ChooseOrigin(Upstream), "take --machines real")
	assert.NilError(t, w.ChooseKind(Real))
	assert.ErrorContains(t, w.ChooseOrigin("theirs"), `no images of the origin "theirs": it is sandbox or upstream`)
	assert.NilError(t, w.ChooseOrigin(Upstream))
	assert.NilError(t, os.MkdirAll(w.Path("hosts", "vm-1"), 0o700))
	assert.NilError(t, w.ChooseOrigin(Upstream))
	assert.ErrorContains(t, w.ChooseOrigin(Made), "run images of the origin upstream: destroy their stack first")
	assert.Equal(t, w.Origin(), Upstream)
}

// Machines of one kind are of no use to the other.
func TestTheKindOfMachinesIsChosenWhileThereAreNone(t *testing.T) {
	checkout(t)
	w, err := Open()
	assert.NilError(t, err)
	assert.Equal(t, w.Kind(), Light)
	assert.ErrorContains(t, w.ChooseKind("heavy"), `no machines of the kind "heavy": it is light or real`)
	assert.NilError(t, w.ChooseKind(Real))
	assert.Equal(t, w.Kind(), Real)
	assert.NilError(t, os.MkdirAll(w.Path("hosts", "vm-1"), 0o700))
	assert.NilError(t, w.ChooseKind(Real))
	assert.ErrorContains(t, w.ChooseKind(Light), "are of the kind real: destroy their stack first, or take a second sandbox, SANDBOX_NAME=light")
	assert.Equal(t, w.Kind(), Real)
}
