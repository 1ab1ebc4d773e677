package exchange

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/internal/field"
)

// registrySecretName is the Secret with which nodes pull the image, where its registry asks for a login.
const registrySecretName = "exchange-registry"

// dockerHub is the key of Docker Hub's login: not the host that images are pulled from.
const dockerHub = "https://index.docker.io/v1/"

// registryHost is the form of a name's first part that is a registry: anything else is a folder of Docker Hub.
var registryHost = regexp.MustCompile(`^(localhost|.*[.:].*)$`)

// private tells whether the image is pulled with a login.
func (i Image) private() bool { return i.RegistryUser != "" && i.RegistryPassword != "" }

// login is the key under which the nodes look up the registry's login.
func (i Image) login() string {
	host, _, hasFolder := strings.Cut(i.Repository, "/")
	if !hasFolder || !registryHost.MatchString(host) || host == "docker.io" || host == "index.docker.io" {
		return dockerHub
	}
	return host
}

// validateLogin asks for both halves of a login, and for none in the image's name. What it says must not hold the password.
func (i Image) validateLogin(path *field.Path) field.ErrorList {
	const set = "a private image needs both: pulumi config set --secret --path exchange-platform:exchange.image."
	var problems field.ErrorList
	if i.RegistryUser == "" && i.RegistryPassword != "" {
		problems = append(problems, field.Required(path.Child("registryUser"), set+"registryUser"))
	}
	if i.RegistryPassword == "" && i.RegistryUser != "" {
		problems = append(problems, field.Required(path.Child("registryPassword"), set+"registryPassword"))
	}
	if strings.Contains(i.Repository, "@") || strings.Contains(i.Repository, "://") {
		problems = append(problems, field.Forbidden(path.Child("repository"),
			`holds a login, a digest or a scheme: write "registry/folder/name" only; a login goes to registryUser and registryPassword`))
	}
	return problems
}

// registrySecret is the login in the form of a container runtime's configuration file.
func registrySecret(image Image) (chart.SecretArgs, error) {
	text, err := json.Marshal(map[string]any{"auths": map[string]any{image.login(): map[string]string{
		"username": image.RegistryUser, "password": image.RegistryPassword,
		"auth": base64.StdEncoding.EncodeToString([]byte(image.RegistryUser + ":" + image.RegistryPassword)),
	}}})
	if err != nil {
		return chart.SecretArgs{}, fmt.Errorf("the registry's login: %w", err)
	}
	return chart.SecretArgs{
		Part: "registry", Name: registrySecretName, Type: "kubernetes.io/dockerconfigjson",
		Data: pulumi.StringMap{".dockerconfigjson": pulumi.ToSecret(pulumi.String(text)).(pulumi.StringOutput)},
	}, nil
}
