package chart

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ReconcilerArgs describes a pod that brings a server to what the program promises of it, and keeps it there: its users, their
// passwords, its buckets. A job that runs once with the chart does neither when a server comes back empty, or with a password
// that changed after its first start.
type ReconcilerArgs struct {
	Name      string
	Namespace pulumi.StringInput
	Image     Image
	// Script brings the server to what is wanted, or fails, whatever it finds: it runs every quarter of a minute, in a POSIX
	// shell that stops at the first error. It hands secrets to no program as an argument, and prints none.
	Script string
	Env    map[string]string
	// Secrets are the variables that come from Secrets.
	Secrets map[string]SecretKey
	// Revision changes with the contents of those Secrets (Revision): the pod begins anew, and who depends on it waits until the
	// server knows the new ones.
	Revision pulumi.StringInput
}

// SecretKey is one key of a Secret in the same namespace.
type SecretKey struct{ Secret, Key string }

// reconcilerLoop runs the script, its argument 0, and says by a file how the last pass ended. A pass that hangs is a failed one.
const reconcilerLoop = `trap 'exit 0' TERM
while :; do
  if timeout 120 /bin/sh -euc "$0"; then : >/tmp/reconciled; else rm -f /tmp/reconciled; fi
  sleep 15 & wait $!
done`

// Reconciler makes the pod, and waits until it has brought the server to what is wanted.
func (i *Installer) Reconciler(
	ctx *pulumi.Context, name string, args *ReconcilerArgs, opts ...pulumi.ResourceOption,
) (*Object, error) {
	selector := map[string]string{"app.kubernetes.io/name": args.Name}
	labels := maps.Clone(platformLabels)
	maps.Copy(labels, selector)
	return i.Object(ctx, name, &ObjectArgs{
		APIVersion: "apps/v1", Kind: "Deployment", Name: args.Name, Namespace: args.Namespace, Labels: selector,
		Fields: pulumi.Map{"spec": pulumi.Map{
			"replicas": pulumi.Int(1),
			// the old pod would set the old password again
			"strategy": pulumi.StringMap{"type": pulumi.String("Recreate")},
			"selector": pulumi.Map{"matchLabels": pulumi.ToStringMap(selector)},
			"template": pulumi.Map{
				"metadata": pulumi.Map{
					"labels":      pulumi.ToStringMap(labels),
					"annotations": pulumi.StringMap{"checksum/secret": args.Revision},
				},
				"spec": args.pod(),
			},
		}},
	}, opts...)
}

// pod runs the loop for as long as it lives.
func (a *ReconcilerArgs) pod() pulumi.Map {
	pod := scriptPod("reconciler", a.Image, []any{"/bin/sh", "-c", reconcilerLoop, a.Script}, variables(a.Env, a.Secrets))
	pod["terminationGracePeriodSeconds"] = 5
	container := pod["containers"].([]any)[0].(map[string]any)
	container["readinessProbe"] = map[string]any{
		"exec": map[string]any{"command": []any{"/bin/sh", "-c", "test -e /tmp/reconciled"}}, "periodSeconds": 5,
	}
	container["resources"] = map[string]any{
		"requests": map[string]any{"cpu": "10m", "memory": "32Mi", storage: "16Mi"},
		"limits":   map[string]any{"memory": "256Mi", storage: "256Mi"},
	}
	pod["volumes"] = []any{map[string]any{"name": "tmp", "emptyDir": map[string]any{"medium": "Memory", "sizeLimit": "16Mi"}}}
	return pulumi.ToMap(pod)
}

// Revision changes with any of the credentials: beside a pod it makes the pod begin anew with new ones. It is 48 bits of a hash
// over them all, which tells nothing about them: a generated password alone has 190 random bits.
func Revision(ctx *pulumi.Context, credentials pulumi.StringMap) pulumi.StringOutput {
	sum := credentials.ToStringMapOutput().ApplyT(func(data map[string]string) string {
		hash := sha256.New()
		for _, key := range slices.Sorted(maps.Keys(data)) {
			fmt.Fprintf(hash, "%q %q\n", key, data[key])
		}
		return fmt.Sprintf("%.6x", hash.Sum(nil))
	})
	return pulumi.UnsecretWithContext(ctx.Context(), sum).(pulumi.StringOutput)
}
