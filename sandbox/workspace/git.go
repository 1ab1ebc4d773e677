package workspace

const (
	// SaysGitOps is what stacks say that Argo CD delivers to: see Says.
	SaysGitOps      = "delivery.mode: gitops"
	deliverySection = "exchange-platform:delivery"
)

// Git is a Git server, and the authority that it is known by, in PEM.
type Git struct{ URL, Authority string }

// What the sandbox's Git server has, and its accounts, each with the name of the sandbox's secret that is its password: Argo CD's, which
// may read, and that of people and pipelines, which may push.
const (
	DevOps          = "exchange-devops.git"
	GitReader       = "sandbox-argocd"
	GitReaderSecret = "git-reader"
	GitWriter       = "sandbox-pipeline"
	GitWriterSecret = "git-writer"
)

// watchOurGit has a stack that is delivered to by Argo CD watch the sandbox's own Git server, where its pods reach one.
func watchOurGit(file map[string]any, git Git) {
	config, _ := file["config"].(map[string]any)
	delivery, _ := config[deliverySection].(map[string]any)
	if delivery["mode"] != "gitops" || git.URL == "" {
		return
	}
	config[deliverySection] = merge(delivery, map[string]any{"gitops": map[string]any{
		"repository": git.URL + "/" + DevOps, "username": GitReader, "authority": git.Authority,
	}})
}

// missingOfDelivery adds to the missing keys the password with which Argo CD reads the sandbox's own Git server.
func missingOfDelivery(file map[string]any, missing map[string]string) {
	if own := section(file, deliverySection, "gitops"); own["username"] == GitReader && own["password"] == nil {
		missing[deliverySection+".gitops.password"] = GitReaderSecret
	}
}
