package failover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/iransre/exchange-platform/sandbox/rehearsal"
)

// AddressOptions say where the cluster is that has a virtual address, and who asks there.
type AddressOptions struct {
	Options
	// Kill takes a machine's power away, and Start gives it back.
	Kill, Start func(ctx context.Context, machine string) error
	// Ask asks for a page at an address, from a place on its network that is none of the cluster's machines, and fails where nothing is answered
	// within a second.
	Ask func(ctx context.Context, place netip.AddrPort) error
}

// Where the virtual address is the ingress controllers', and who answers for it.
const (
	ingressNamespace = "ingress-nginx"
	metallbNamespace = "metallb-system"
)

// An addressFault is what becomes of the worker that answers for the address, and what is done so that it can again.
type addressFault struct {
	name   string
	strike func(r *addressRehearsal, ctx context.Context, holder string) error
	mend   func(r *addressRehearsal, ctx context.Context, holder string) error
}

var addressFaults = []addressFault{
	{"its ingress controller's pod is deleted", (*addressRehearsal).deleteController, nil},
	{"it is cut off", (*addressRehearsal).cut, (*addressRehearsal).restore},
	{"its power is gone", (*addressRehearsal).kill, (*addressRehearsal).start},
}

// addressWithin is for how long at most nobody may answer: five seconds and more until speakers believe that one is gone, and time for a busy
// machine to look.
const addressWithin = 15 * time.Second

// joined is when speakers that lost each other have found each other again: they look once a minute. Until then each of them answers for the address, and
// nobody notices that the other one is gone, as long as nothing asks anew who has it.
const joined = 75 * time.Second

type addressRehearsal struct {
	AddressOptions
	place netip.AddrPort
}

// RehearseAddress does to the worker that answers for the virtual address whatever there is, one after the other, while somebody asks ten times a
// second, and prints for how long nobody answered: until another worker did, and again when it came back and was given the address again. It fails
// if that was longer than promised.
func RehearseAddress(ctx context.Context, options AddressOptions) error {
	r := &addressRehearsal{AddressOptions: options}
	if err := r.find(ctx); err != nil {
		return err
	}
	fmt.Fprintf(r.Out, "%s, asked ten times a second\n", r.place)
	fmt.Fprintf(r.Out, "%-40s  %7s  %7s  %8s  %13s  %s\n", "WHAT BECOMES OF WHO ANSWERS FOR IT", "SECONDS", "AT MOST", "FAILED", "AT ITS RETURN", "FAILED")
	var problems []error
	for _, each := range addressFaults {
		gone, back, err := r.rehearse(ctx, each)
		if err != nil {
			return fmt.Errorf("%s: %w", each.name, err)
		}
		fmt.Fprintf(r.Out, "%-40s  %7.1f  %7.0f  %8s  %13.1f  %s\n", each.name, gone.pause.Seconds(), addressWithin.Seconds(), gone.requests(), back.pause.Seconds(), back.requests())
		for _, phase := range []addressResult{gone, back} {
			if phase.pause > addressWithin {
				problems = append(problems, fmt.Errorf("%s: nobody answered for %.1f s, and %.0f are promised", each.name, phase.pause.Seconds(), addressWithin.Seconds()))
			}
		}
	}
	return errors.Join(problems...)
}

// addressResult is what a phase of a fault cost.
type addressResult struct {
	pause         time.Duration
	asked, failed int
}

func (a addressResult) requests() string { return fmt.Sprintf("%d of %d", a.failed, a.asked) }

// rehearse returns what it cost until another worker answered, and what when the first one was whole again.
func (r *addressRehearsal) rehearse(ctx context.Context, each addressFault) (gone, back addressResult, err error) {
	holder, err := r.whole(ctx)
	if err != nil {
		return gone, back, err
	}
	asking, end := context.WithCancel(ctx)
	defer end()
	asked := ask(asking, func(ctx context.Context) error { return r.Ask(ctx, r.place) })
	if err := r.answers(ctx, asked, 3*time.Second); err != nil {
		return gone, back, err
	}
	struck := time.Now()
	if err := each.strike(r, ctx, holder); err != nil {
		return gone, back, errors.Join(err, r.mended(ctx, each, holder))
	}
	// long enough for a second pause, such as that of a worker that takes the address back at once
	failure := rehearsal.Until(ctx, patience, "an answer", func() (string, error) {
		if time.Since(struck) < 15*time.Second {
			return "it was just struck", nil
		}
		return r.amiss(asked, 5*time.Second), nil
	})
	mended := time.Now()
	if err := errors.Join(failure, r.mended(ctx, each, holder)); err != nil {
		return gone, back, err
	}
	if each.mend != nil {
		select {
		case <-ctx.Done():
			return gone, back, context.Cause(ctx)
		case <-time.After(joined):
		}
	}
	if _, err := r.whole(ctx); err != nil {
		return gone, back, err
	}
	if err := r.answers(ctx, asked, 10*time.Second); err != nil {
		return gone, back, err
	}
	end()
	all := asked.all()
	return all.between(struck, mended), all.between(mended, time.Now()), nil
}

// mended undoes a fault, whatever came of it: somebody's interruption does not keep it from that.
func (r *addressRehearsal) mended(ctx context.Context, each addressFault, holder string) error {
	if each.mend == nil {
		return nil
	}
	mending, done := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Minute)
	defer done()
	return each.mend(r, mending, holder)
}

// answers waits until the address has answered for so long.
func (r *addressRehearsal) answers(ctx context.Context, asked *requests, so time.Duration) error {
	return rehearsal.Until(ctx, patience, "answers", func() (string, error) { return r.amiss(asked, so), nil })
}

func (r *addressRehearsal) amiss(asked *requests, so time.Duration) string {
	all := asked.all()
	if all.answered().steady(time.Now(), so) {
		return ""
	}
	return fmt.Sprintf("%d of %d requests were answered; the last failure: %v", len(all.answered()), len(all), all.failure())
}

// find looks for the address, and whether somebody really answers for it.
func (r *addressRehearsal) find(ctx context.Context) error {
	text, err := r.Cluster.Ask(ctx, ingressNamespace, "", "get", "services", "--output=json")
	if err != nil {
		return err
	}
	if r.place, err = virtualPlace(text); err != nil {
		return err
	}
	holders, err := r.holders(ctx)
	if err != nil {
		return err
	}
	if len(holders) == 0 {
		return fmt.Errorf("no speaker of MetalLB says that it answers for %s: where they are simulated nobody does; take real machines, ./scripts/sandbox up STACK --machines real", r.place.Addr())
	}
	sets, err := r.daemonSets(ctx)
	if err != nil {
		return err
	}
	for _, each := range sets {
		if each.Status.Desired < 2 {
			return errors.New(lacking([]daemonSet{each}))
		}
	}
	return nil
}

// virtualPlace finds the address of a list of Services that is a balancer's, and its port for plain HTTP.
func virtualPlace(services string) (netip.AddrPort, error) {
	var list struct {
		Items []struct {
			Spec struct {
				Type  string `json:"type"`
				Ports []struct {
					Port uint16 `json:"port"`
				} `json:"ports"`
			} `json:"spec"`
			Status struct {
				LoadBalancer struct {
					Ingress []struct {
						IP netip.Addr `json:"ip"`
					} `json:"ingress"`
				} `json:"loadBalancer"`
			} `json:"status"`
		} `json:"items"`
	}
	if err := json.Unmarshal([]byte(services), &list); err != nil {
		return netip.AddrPort{}, err
	}
	for _, service := range list.Items {
		given := service.Status.LoadBalancer.Ingress
		if service.Spec.Type == "LoadBalancer" && len(given) > 0 && len(service.Spec.Ports) > 0 {
			return netip.AddrPortFrom(given[0].IP, service.Spec.Ports[0].Port), nil
		}
	}
	return netip.AddrPort{}, errors.New("the ingress controllers have no virtual address: the stack needs edge.mode vip, and two workers or more")
}

// holders are the workers whose speakers say that they answer. One that is gone goes on to say so until it is back.
func (r *addressRehearsal) holders(ctx context.Context) ([]string, error) {
	text, err := r.Cluster.Ask(ctx, metallbNamespace, "", "get", "servicel2statuses.metallb.io", "--output=json")
	if err != nil {
		return nil, err
	}
	return holdersOf(text)
}

func holdersOf(statuses string) ([]string, error) {
	var list struct {
		Items []struct {
			Status struct {
				Node      string `json:"node"`
				Namespace string `json:"serviceNamespace"`
			} `json:"status"`
		} `json:"items"`
	}
	if err := json.Unmarshal([]byte(statuses), &list); err != nil {
		return nil, err
	}
	var holders []string
	for _, each := range list.Items {
		if each.Status.Namespace == ingressNamespace {
			holders = append(holders, each.Status.Node)
		}
	}
	slices.Sort(holders)
	return holders, nil
}

// whole waits until one worker answers, and each could, and says which one it is.
func (r *addressRehearsal) whole(ctx context.Context) (holder string, err error) {
	err = rehearsal.Until(ctx, patience, "all speakers and ingress controllers", func() (string, error) {
		sets, err := r.daemonSets(ctx)
		if err != nil {
			return err.Error(), nil
		}
		if lack := lacking(sets); lack != "" {
			return lack, nil
		}
		holders, err := r.holders(ctx)
		if err != nil {
			return err.Error(), nil
		}
		if len(holders) != 1 {
			return fmt.Sprintf("these say that they answer: %q", holders), nil
		}
		holder = holders[0]
		return "", nil
	})
	return holder, err
}

// A daemonSet has a pod on each node that takes one: a node that is not ready yet does not.
type daemonSet struct {
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Status struct {
		Desired int `json:"desiredNumberScheduled"`
		Ready   int `json:"numberReady"`
	} `json:"status"`
}

// daemonSets are those of MetalLB and of the ingress.
func (r *addressRehearsal) daemonSets(ctx context.Context) ([]daemonSet, error) {
	var all []daemonSet
	for _, namespace := range []string{metallbNamespace, ingressNamespace} {
		text, err := r.Cluster.Ask(ctx, namespace, "", "get", "daemonsets", "--output=json")
		if err != nil {
			return nil, err
		}
		var list struct {
			Items []daemonSet `json:"items"`
		}
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return nil, err
		}
		all = append(all, list.Items...)
	}
	return all, nil
}

// lacking says what DaemonSets lack whose pods should be ready on two nodes or more.
func lacking(sets []daemonSet) string {
	if len(sets) == 0 {
		return "there is no DaemonSet"
	}
	for _, each := range sets {
		switch name, status := each.Metadata.Name, each.Status; {
		case status.Desired < 2:
			return fmt.Sprintf("%s is for %d nodes: the stack needs two workers or more", name, status.Desired)
		case status.Ready < status.Desired:
			return fmt.Sprintf("%d of %d of %s are ready", status.Ready, status.Desired, name)
		}
	}
	return ""
}

func (r *addressRehearsal) deleteController(ctx context.Context, holder string) error {
	_, err := r.Cluster.Ask(ctx, ingressNamespace, "", "delete", "pods", "--field-selector=spec.nodeName="+holder, "--wait=false")
	return err
}

func (r *addressRehearsal) cut(ctx context.Context, holder string) error { return r.Cut(ctx, holder) }

func (r *addressRehearsal) restore(ctx context.Context, holder string) error {
	return r.Restore(ctx, holder)
}

func (r *addressRehearsal) kill(ctx context.Context, holder string) error { return r.Kill(ctx, holder) }

func (r *addressRehearsal) start(ctx context.Context, holder string) error {
	return r.Start(ctx, holder)
}
