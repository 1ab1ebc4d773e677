package logging

import (
	_ "embed"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/components/chart"
)

// login is one who gets into Elasticsearch; the role has the same name. The superuser's password, which the operator makes, is used by nobody.
type login string

const (
	// writer is Fluent Bit's: it adds to the streams of logs, and reads nothing.
	writer login = "writer"
	// reader is that of Kibana's users: it reads logs, and changes nothing.
	reader login = "reader"
	// steward keeps templates, lifecycle and snapshots as they shall be.
	steward login = "steward"
	// exporter tells Prometheus how Elasticsearch is.
	exporter login = "exporter"
)

var allLogins = []login{writer, reader, steward, exporter}

// secret is the Secret with the login's name and password.
func (l login) secret() string { return "logs-" + string(l) }

const rolesSecret = "logs-roles"

// roles are what each login may do, in Elasticsearch's own form. The streams' name is that of streams.
//
//go:embed roles.yml
var roles string

// logins are the passwords.
type logins map[login]pulumi.StringOutput

func newLogins(ctx *pulumi.Context, name string, args *Args, child pulumi.ResourceOption) (logins, error) {
	made := logins{}
	for _, each := range allLogins {
		password, err := args.Installer.Password(ctx, name+"-"+string(each)+"-password", child)
		if err != nil {
			return nil, err
		}
		made[each] = password
	}
	return made, nil
}

// secrets are in the form in which the operator takes users over, who change with them.
func (l logins) secrets() []chart.SecretArgs {
	made := []chart.SecretArgs{{Name: rolesSecret, Part: "roles", Data: pulumi.StringMap{"roles.yml": pulumi.String(roles)}}}
	for _, each := range allLogins {
		made = append(made, chart.SecretArgs{
			Name: each.secret(), Part: string(each) + "-login", Type: "kubernetes.io/basic-auth",
			Data: pulumi.StringMap{"username": pulumi.String(each), "password": l[each], "roles": pulumi.String(each)},
		})
	}
	return made
}

// fileRealm names them to Elasticsearch.
func fileRealm() []any {
	var sources []any
	for _, each := range allLogins {
		sources = append(sources, map[string]any{"secretName": each.secret()})
	}
	return sources
}
