package ingress

import (
	"crypto/sha1" // see htpasswd
	"encoding/base64"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
	"github.com/iransre/exchange-platform/components/internal/component"
)

// PagesArgs describes the pages that people reach from outside.
type PagesArgs struct {
	Installer *chart.Installer
	Class     pulumi.StringInput // whose controller lets people in
	Pages     []PageArgs
}

// PageArgs is one of them.
type PageArgs struct {
	Page
	Name PageName
	// Of is the service behind it.
	Of chart.Endpoint
	// TLS says that the service speaks nothing else.
	TLS bool
	// LoginSecret is the Secret of the login that the controller asks for; empty where the service has logins of its own.
	LoginSecret string
}

// LoginSecret is where the login of a page lies, in its service's namespace: keys username and password, and auth for the controller.
func LoginSecret(name PageName) string { return string(name) + "-page" }

// loginUser is the one user of a page whose service knows none.
const loginUser = "admin"

// Pages are those that people reach from outside.
type Pages struct{ pulumi.ResourceState }

// NewPages publishes pages. Each has a name and ranges of its own, and none is open without a login.
func NewPages(ctx *pulumi.Context, name string, args *PagesArgs, opts ...pulumi.ResourceOption) (*Pages, error) {
	return component.New(ctx, "exchange:ingress:Pages", name, &Pages{}, opts, func(child pulumi.ResourceOption) error {
		for i := range args.Pages {
			if err := args.publish(ctx, name+"-"+string(args.Pages[i].Name), &args.Pages[i], child); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *PagesArgs) publish(ctx *pulumi.Context, name string, page *PageArgs, child pulumi.ResourceOption) error {
	var needs []pulumi.Resource
	if page.LoginSecret != "" {
		login, err := a.login(ctx, name, page, child)
		if err != nil {
			return err
		}
		needs = append(needs, login) // without it the controller answers 503
	}
	path := pulumi.Map{
		"path": pulumi.String("/"), "pathType": pulumi.String("Prefix"),
		"backend": pulumi.Map{"service": pulumi.Map{"name": page.Of.Service, "port": pulumi.Map{"number": page.Of.Port}}},
	}
	_, err := a.Installer.Object(ctx, name, &chart.ObjectArgs{
		APIVersion: "networking.k8s.io/v1", Kind: "Ingress", Name: string(page.Name) + "-page", Namespace: page.Of.Namespace,
		Annotations: page.annotations(),
		Fields: pulumi.Map{"spec": pulumi.Map{
			"ingressClassName": a.Class,
			"rules":            pulumi.MapArray{pulumi.Map{"host": pulumi.String(page.Host), "http": pulumi.Map{"paths": pulumi.MapArray{path}}}},
		}},
	}, child, pulumi.DependsOn(needs))
	return err
}

// annotations are what the controller does before a request reaches the service.
func (p *PageArgs) annotations() map[string]string {
	const nginx = "nginx.ingress.kubernetes.io/"
	annotations := map[string]string{
		// "allow" and "deny all" of NGINX' access module, which looks at $remote_addr and comes before the login. That is the client, and
		// not the CDN, as ngx_http_realip_module has replaced it by then: use-forwarded-headers with proxy-real-ip-cidr are
		// "real_ip_recursive on" with "set_real_ip_from" (rootfs/etc/nginx/template/nginx.tmpl of ingress-nginx 1.15).
		nginx + "whitelist-source-range": strings.Join(p.AllowedCIDRs, ","),
		// nor is anything of a page to be had by plain HTTP; behind the CDN, X-Forwarded-Proto tells
		nginx + "force-ssl-redirect": "true",
		// its address comes from a controller that may be installed after it
		"pulumi.com/skipAwait": "true",
	}
	if p.TLS {
		annotations[nginx+"backend-protocol"] = "HTTPS"
	}
	if p.LoginSecret != "" {
		annotations[nginx+"auth-type"] = "basic"
		annotations[nginx+"auth-secret"] = p.LoginSecret
		annotations[nginx+"auth-realm"] = string(p.Name)
	}
	return annotations
}

// login makes the user of a page whose service knows none. The controller keeps the password from the service.
func (a *PagesArgs) login(ctx *pulumi.Context, name string, page *PageArgs, child pulumi.ResourceOption) (pulumi.Resource, error) {
	password, err := a.Installer.Password(ctx, name+"-password", child)
	if err != nil {
		return nil, err
	}
	line := password.ApplyT(func(password string) string { return htpasswd(loginUser, password) }).(pulumi.StringOutput)
	return a.Installer.Secret(ctx, name+"-login", &chart.SecretArgs{
		Namespace: page.Of.Namespace, Name: page.LoginSecret,
		Data: pulumi.StringMap{"username": pulumi.String(loginUser), "password": password, "auth": line},
	}, child)
}

// htpasswd is a line of a password file. The hash is {SHA}, which both controllers compute quickly: bcrypt would have them compute for a twentieth of
// a second at each request, and a process of NGINX answers nobody meanwhile, users of the exchange neither; Traefik knows no salted SHA. A salt would
// be for passwords that somebody else may have, too: this one is generated, of 190 bits, and whoever may read the Secret finds it there.
func htpasswd(user, password string) string {
	hash := sha1.Sum([]byte(password))
	return user + ":{SHA}" + base64.StdEncoding.EncodeToString(hash[:]) + "\n"
}
