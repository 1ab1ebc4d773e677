package exchange

import "github.com/iransre/exchange-platform/components/chart"

// What others have to know of the application to run its image beside it, as charts/exchange has it.
const (
	// Namespace is where it runs.
	Namespace = namespaceName
	// WebServer is the Deployment of the web server, and Settings the ConfigMap of its plain settings.
	WebServer = releaseName + "-web"
	Settings  = releaseName
)

// CheckMigrations is the command of the image that fails if a database lacks migrations, and says which. Without --plan there
// are versions of Django that go on to what follows a migration.
func CheckMigrations() []string {
	return []string{"python", "manage.py", "migrate", "--plan", "--check"}
}

// PullSecrets are those that pods of the image name, for another namespace than the application's: none if everybody may pull it.
func (i Image) PullSecrets() ([]chart.SecretArgs, error) {
	if !i.private() {
		return nil, nil
	}
	login, err := registrySecret(i)
	return []chart.SecretArgs{login}, err
}
