package chart

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/iransre/exchange-platform/internal/kube"
)

const (
	// patience is how long an operation on a release can take: Helm's own limit, and a little.
	patience = Timeout + time.Minute
	// recoveryLimit is for all that is waited for before one object or release is made.
	recoveryLimit = patience + 10*time.Minute
	recoveryPause = 3 * time.Second
)

// Left is what the stack's last update left of a release.
type Left struct {
	Description string
	Busy        string // Helm's status of it, where that says that somebody works on it or was interrupted; empty where it does not
	Revision    int    // the one of that status
	Elsewhere   bool   // others have upgraded it since (ReleaseArgs.Frozen), or made its objects without one
}

// Recovery is how the installer deals with what an interrupted update left in the cluster. What it does, it does right before
// the plugin would fail at it, and never in a preview.
type Recovery struct {
	// Kubeconfig leads to the cluster.
	Kubeconfig pulumi.StringOutput
	// Leftover says what an interrupted update may have left running that still works on releases.
	Leftover func() string
	// Left is what the last update left of each release, by the names of their resources.
	Left map[string]Left

	once                     sync.Once
	create, install, upgrade *pulumi.ResourceHook
	kubeconfig               chan string
	recovery                 func() (*kube.Recovery, error)
}

// prepare registers what is called before something is made or changed.
func (r *Recovery) prepare(ctx *pulumi.Context) (err error) {
	r.once.Do(func() {
		r.kubeconfig = make(chan string, 1)
		r.Kubeconfig.ApplyT(func(text string) string { r.kubeconfig <- text; return text })
		var say sync.Mutex
		advised := false
		r.recovery = sync.OnceValues(func() (*kube.Recovery, error) {
			// It is there: the provider, without which nothing is made, waits for it as well.
			client, err := kube.New(<-r.kubeconfig)
			if err != nil {
				return nil, err
			}
			return &kube.Recovery{
				Client: client, Stack: ctx.Stack(), Marks: platformLabels, Patience: patience, Leftover: r.Leftover, Pause: recoveryPause,
				Say: func(message string) {
					say.Lock()
					defer say.Unlock()
					if !advised {
						advised = true
						message += "\nWhen this update has succeeded, `pulumi stack export | pulumi stack import` takes away the notes of what was interrupted " +
							"(docs/state.md, Pending operations)"
					}
					_ = ctx.Log.Warn(message, nil) // a message that is lost is no reason to fail
				},
			}, nil
		})
		for _, hook := range []struct {
			name string
			into **pulumi.ResourceHook
			run  func(context.Context, *kube.Recovery, resource.PropertyMap) error
		}{
			{"take over an object", &r.create, func(ctx context.Context, made *kube.Recovery, inputs resource.PropertyMap) error {
				meta := revealed(inputs["metadata"])
				if !meta.IsObject() {
					return nil // the plugin says what is wrong with it
				}
				return made.BeforeCreate(ctx, kube.Object{
					APIVersion: plain(inputs, "apiVersion"), Kind: plain(inputs, "kind"),
					Namespace: plain(meta.ObjectValue(), "namespace"), Name: plain(meta.ObjectValue(), "name"),
				})
			}},
			{"take over a release", &r.install, func(ctx context.Context, made *kube.Recovery, inputs resource.PropertyMap) error {
				return made.BeforeInstall(ctx, plain(inputs, "namespace"), plain(inputs, "name"))
			}},
			{"free a release", &r.upgrade, func(ctx context.Context, made *kube.Recovery, inputs resource.PropertyMap) error {
				return made.BeforeUpgrade(ctx, plain(inputs, "namespace"), plain(inputs, "name"))
			}},
		} {
			var registered error
			*hook.into, registered = ctx.RegisterResourceHook(hook.name, func(args *pulumi.ResourceHookArgs) error {
				made, err := r.recovery()
				if err != nil {
					return err
				}
				limited, cancel := context.WithTimeout(ctx.Context(), recoveryLimit)
				defer cancel()
				return hook.run(limited, made, args.NewInputs)
			}, nil)
			err = errors.Join(err, registered)
		}
	})
	return err
}

// plain is an input's text.
func plain(inputs resource.PropertyMap, key resource.PropertyKey) string {
	value := revealed(inputs[key])
	if !value.IsString() {
		return ""
	}
	return value.StringValue()
}

// revealed is a value without the marks that it is secret or another resource's.
func revealed(value resource.PropertyValue) resource.PropertyValue {
	for value.IsSecret() || value.IsOutput() {
		if value.IsSecret() {
			value = value.SecretValue().Element
		} else {
			value = value.OutputValue().Element
		}
	}
	return value
}

// objectHooks look for an object before it is made; nil without recovery.
func (i *Installer) objectHooks(ctx *pulumi.Context) ([]pulumi.ResourceOption, error) {
	if i.Recovery == nil {
		return nil, nil
	}
	err := i.Recovery.prepare(ctx)
	return []pulumi.ResourceOption{pulumi.ResourceHooks(&pulumi.ResourceHookBinding{
		BeforeCreate: []*pulumi.ResourceHook{i.Recovery.create},
	})}, err
}

// releaseHooks look at a release before it is installed or upgraded. There is none for its removal: Helm uninstalls what is
// half installed or half removed, and `pulumi destroy` would no longer do without the program.
func (i *Installer) releaseHooks(ctx *pulumi.Context) ([]pulumi.ResourceOption, error) {
	if i.Recovery == nil {
		return nil, nil
	}
	err := i.Recovery.prepare(ctx)
	return []pulumi.ResourceOption{pulumi.ResourceHooks(&pulumi.ResourceHookBinding{
		BeforeCreate: []*pulumi.ResourceHook{i.Recovery.install},
		BeforeUpdate: []*pulumi.ResourceHook{i.Recovery.upgrade},
	})}, err
}

// again begins the part of a release's description that says why it is installed again although nothing else changed.
const again = "again, because "

// takenBack is the reason where others have upgraded it meanwhile. It stays until something else of the release changes.
const takenBack = again + "others delivered it"

// description is a release's, which changes only where the program's own does, or where an update was interrupted at it: the
// state then may say what is wanted although the cluster has something else.
func (r *Recovery) description(name, wanted string) string {
	if r == nil {
		return wanted
	}
	left := r.Left[name]
	separator := ""
	if wanted != "" {
		separator = "; "
	}
	switch {
	case left.Busy != "":
		return fmt.Sprintf("%s%s%srevision %d was left %s", wanted, separator, again, left.Revision, left.Busy)
	case left.Elsewhere:
		return wanted + separator + takenBack
	case strings.HasPrefix(left.Description, wanted+separator+again):
		return left.Description
	}
	return wanted
}
