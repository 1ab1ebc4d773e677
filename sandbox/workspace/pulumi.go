package workspace

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Environment is what a plain `pulumi`, `kubectl` or `curl`, or the sandbox's own command, needs to work against this sandbox, by variable. Stack is the
// one that `pulumi` then acts on.
func (w *Workspace) Environment(stack string) (map[string]string, error) {
	apiKey, err := w.Secret("api-key")
	if err != nil {
		return nil, err
	}
	if _, err := w.Secret("passphrase"); err != nil {
		return nil, err
	}
	variables := map[string]string{
		"PATH":                          filepath.Join(w.Tools, "bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
		"KUBECONFIG":                    w.Kubeconfig(),
		"ARVANCLOUD_API_KEY":            apiKey,
		"ARVANCLOUD_ENDPOINT":           w.APIURL(),
		"PULUMI_HOME":                   w.PulumiHome(),
		"PULUMI_BACKEND_URL":            w.BackendURL(),
		"PULUMI_CONFIG_PASSPHRASE_FILE": w.Path("secrets", "passphrase"),
		// The Helm library keeps indexes and archives, by default in the user's home.
		"HELM_CACHE_HOME":           w.Path("helm", "cache"),
		"HELM_CONFIG_HOME":          w.Path("helm", "config"),
		"HELM_DATA_HOME":            w.Path("helm", "data"),
		"PULUMI_STACK":              stack,
		"PULUMI_OPTION_CONFIG_FILE": w.StackFile(stack),
		// 2 cores give 8 at a time by default; releases mostly wait, so more of them may.
		"PULUMI_PARALLEL": "32",
		// as the README has it
		"PULUMI_OPTION_SUPPRESS_OUTPUTS":              "true",
		"PULUMI_SKIP_UPDATE_CHECK":                    "true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
		"GOFLAGS": "-trimpath -buildvcs=false",
	}
	if w.Name != "" {
		variables["SANDBOX_NAME"] = w.Name
	}
	return variables, nil
}

// Environ is Environment laid over the process's own, in the form of os.Environ. A variable that the user has set to
// another value on purpose to see an error (the API key) is the user's.
func (w *Workspace) Environ(stack string) ([]string, error) {
	variables, err := w.Environment(stack)
	if err != nil {
		return nil, err
	}
	if own, set := os.LookupEnv("ARVANCLOUD_API_KEY"); set {
		variables["ARVANCLOUD_API_KEY"] = own
	}
	environ := slices.DeleteFunc(os.Environ(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		_, ours := variables[name]
		return ours
	})
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		environ = append(environ, name+"="+variables[name])
	}
	return environ, nil
}

// StackFile is the stack file `pulumi` reads in the sandbox: the checkout's own with the sandbox's addresses laid over it.
func (w *Workspace) StackFile(stack string) string {
	return w.Path("project", "Pulumi."+stack+".yaml")
}

// Sources say where a stack in the sandbox installs from.
type Sources struct {
	// Kubespray finds the archive of a release; the tag is empty where the stack file names none.
	Kubespray func(tag string) (Archive, error)
	// Charts is the chart mirror; empty means each chart's own repository.
	Charts string
	// Registries and Files are the mirrors that the machines install from; empty where nothing is installed on them.
	Registries map[string]string
	Files      string
	// Storage is the object storage as pods reach it; empty where they do so by StorageURL, or not at all.
	Storage string
	// Messages is what stands for Telegram and for providers of SMS, as pods and machines reach it; empty where no pod runs that says anything.
	Messages Messages
	// Git is the Git server as pods reach it; nothing where none do.
	Git Git
}

// Messages are the addresses at which messages are taken.
type Messages struct{ Telegram, SMS string }

// Archive is where a .tar.gz lies, and its checksum in hex.
type Archive struct{ URL, SHA256 string }

// givenStackFile is a copy of the last stack file that pulumi was given in StackFile's place.
func (w *Workspace) givenStackFile() string { return w.Path("project", "given.yaml") }

// KeepGiven remembers a stack file that pulumi is given in StackFile's place, by its path or one in the checkout: Says reads it, too.
func (w *Workspace) KeepGiven(file string) error {
	if !filepath.IsAbs(file) {
		file = filepath.Join(w.Root, file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(w.givenStackFile(), text, 0o600)
}

// Says tells whether a stack that this sandbox has had says so in its stack file: a key of the program's and its value, such as "edge.mode: vip", or
// one of several, such as "profile: prod or edge.mode: vip".
func (w *Workspace) Says(setting string) bool {
	files, _ := filepath.Glob(w.StackFile("*")) // the pattern is a valid one
	for _, name := range append(files, w.givenStackFile()) {
		var file struct {
			Config map[string]any `json:"config"`
		}
		text, err := os.ReadFile(name)
		if err != nil || yaml.Unmarshal(text, &file) != nil {
			continue
		}
		if slices.ContainsFunc(strings.Split(setting, " or "), func(one string) bool {
			path, value, _ := strings.Cut(one, ": ")
			return configured(file.Config, strings.Split(path, ".")) == value
		}) {
			return true
		}
	}
	return false
}

// configured is what a stack file has under a key of the program's, nil if it has none.
func configured(config map[string]any, keys []string) any {
	found := config["exchange-platform:"+keys[0]]
	for _, key := range keys[1:] {
		section, _ := found.(map[string]any)
		found = section[key]
	}
	return found
}

// WriteStackFile makes StackFile from the checkout's stack file, which is one of sandbox/stacks where there is none of the name beside
// Pulumi.yaml. What `pulumi` itself keeps there stays: the salt of its secrets, and the secrets that the sandbox or its user has set, for
// which the checkout's has no value of its own.
func (w *Workspace) WriteStackFile(stack string, sources Sources) error {
	source := filepath.Join(w.Root, "Pulumi."+stack+".yaml")
	text, err := os.ReadFile(source)
	if errors.Is(err, fs.ErrNotExist) {
		own := filepath.Join(w.Root, "sandbox", "stacks", filepath.Base(source))
		if ours, failure := os.ReadFile(own); failure == nil {
			source, text, err = own, ours, nil
		}
	}
	if err != nil {
		return fmt.Errorf("there is no stack %q: %w", stack, err)
	}
	var file, kept map[string]any
	if err := yaml.Unmarshal(text, &file); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	if file == nil {
		return fmt.Errorf("%s is empty: it says at least the profile, exchange-platform:profile", source)
	}
	if previous, err := os.ReadFile(w.StackFile(stack)); err == nil {
		if err := yaml.Unmarshal(previous, &kept); err != nil {
			return fmt.Errorf("%s: %w", w.StackFile(stack), err)
		}
	}
	if salt, ok := kept["encryptionsalt"]; ok {
		file["encryptionsalt"] = salt
	}
	archive, err := sources.Kubespray(kubesprayTag(file))
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	merged := merge(file, map[string]any{"config": w.overrides(archive, sources)})
	if err := w.pointBackupsHere(merged, cmp.Or(sources.Storage, w.StorageURL())); err != nil {
		return err
	}
	watchOurGit(merged, sources.Git)
	tellSomebody(merged)
	takeMessages(merged, sources.Messages)
	keepSecrets(merged, kept)
	encoded, err := yaml.Marshal(merged)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(w.StackFile(stack)), 0o755); err != nil {
		return err
	}
	note := "# Made from " + strings.TrimPrefix(source, w.Root+"/") + " by the sandbox at every run: edit that one.\n"
	return os.WriteFile(w.StackFile(stack), append([]byte(note), encoded...), 0o600)
}

// keepSecrets gives a stack file the secrets of an earlier one, each {"secure": ciphertext}, at keys that it has not. Those of
// a section that the file has lost since go with it, unless it held nothing else.
func keepSecrets(file, earlier map[string]any) {
	for key, value := range earlier {
		if own, has := file[key]; has {
			keepSecretsOf(own, value)
		} else if onlySecrets(value) {
			file[key] = value
		}
	}
}

// keepSecretsOf is keepSecrets for the sections and lists in a stack file: what is not the same kind of thing now is left alone.
func keepSecretsOf(own, earlier any) {
	switch own := own.(type) {
	case map[string]any:
		if earlier, ok := earlier.(map[string]any); ok {
			keepSecrets(own, earlier)
		}
	case []any:
		if earlier, ok := earlier.([]any); ok {
			for i := range min(len(own), len(earlier)) {
				keepSecretsOf(own[i], earlier[i])
			}
		}
	}
}

// onlySecrets tells whether a value is a secret, or a section with nothing but secrets in it.
func onlySecrets(value any) bool {
	section, ok := value.(map[string]any)
	if !ok || len(section) == 0 {
		return false
	}
	if _, secret := section["secure"]; secret {
		return true
	}
	for _, inner := range section {
		if !onlySecrets(inner) {
			return false
		}
	}
	return true
}

// MissingSecrets are the configuration keys of a stack, as `pulumi config set --path` takes them, whose values pulumi still
// has to be told, with the names of the sandbox's secrets that they are.
func (w *Workspace) MissingSecrets(stack string) (map[string]string, error) {
	text, err := os.ReadFile(w.StackFile(stack))
	if err != nil {
		return nil, err
	}
	var file map[string]any
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", w.StackFile(stack), err)
	}
	missing := map[string]string{}
	for _, kind := range backupKinds {
		own := section(file, kind.section, kind.key)
		for key, secret := range BackupSecrets {
			if own != nil && own[key] == nil {
				missing[kind.section+"."+kind.key+"."+key] = secret
			}
		}
	}
	missingOfMessages(file, missing)
	missingOfDelivery(file, missing)
	return missing, nil
}

// overrides is all that tells the program that it is not in the cloud. Each is a key real users have too.
func (w *Workspace) overrides(kubespray Archive, sources Sources) map[string]any {
	mirrors := map[string]any{"charts": sources.Charts}
	if len(sources.Registries) > 0 {
		registries := map[string]any{}
		for name, address := range sources.Registries {
			registries[name] = address
		}
		mirrors["registries"] = registries
	}
	if sources.Files != "" {
		mirrors["files"] = sources.Files
	}
	return map[string]any{
		"exchange-platform:cloud": map[string]any{
			"endpoint":   w.APIURL(),
			"sshPort":    2222, // 22 needs root
			"adminCidrs": []any{"127.0.0.0/8"},
		},
		// a rehearsal ends with destroy
		"exchange-platform:protect": false,
		"exchange-platform:kubernetes": map[string]any{
			"apiHost": "", "internalHost": "", // no resolver here knows the stack's names
			"kubespray": map[string]any{
				"archive": kubespray.URL, "sha256": kubespray.SHA256, "ansible": "system",
			},
		},
		"exchange-platform:mirrors": mirrors,
	}
}

// kubesprayTag is the release a stack file names, empty if it leaves that to the profile.
func kubesprayTag(file map[string]any) string {
	config, _ := file["config"].(map[string]any)
	kubernetes, _ := config["exchange-platform:kubernetes"].(map[string]any)
	kubespray, _ := kubernetes["kubespray"].(map[string]any)
	tag, _ := kubespray["version"].(string)
	return tag
}

// merge lays over on base, map by map; anything else in over replaces what base has.
func merge(base, over map[string]any) map[string]any {
	merged := maps.Clone(base)
	if merged == nil {
		merged = map[string]any{}
	}
	for key, value := range over {
		inner, isMap := value.(map[string]any)
		old, wasMap := merged[key].(map[string]any)
		if isMap && wasMap {
			value = merge(old, inner)
		}
		merged[key] = value
	}
	return merged
}
