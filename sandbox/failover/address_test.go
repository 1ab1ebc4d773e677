package failover

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"gotest.tools/v3/assert"
)

func TestWhoAsksDoesNotWaitForTheLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		silent := func() bool { since := time.Since(start); return since > 3*time.Second && since < 8*time.Second }
		ctx, end := context.WithCancel(t.Context())
		asked := ask(ctx, func(context.Context) error {
			if !silent() {
				return nil
			}
			time.Sleep(time.Second)
			return errors.New("nobody answers")
		})
		time.Sleep(12*time.Second + askEvery/2)
		end()
		synctest.Wait()

		all := asked.all()
		gone, back := all.between(start.Add(2*time.Second), start.Add(9*time.Second)), all.between(start.Add(9*time.Second), start.Add(12*time.Second))
		assert.Equal(t, gone.pause, 5*time.Second, "from the last that was answered to the first")
		assert.Equal(t, gone.requests(), "49 of 71")
		assert.Equal(t, back, addressResult{pause: askEvery, asked: 31})
		assert.ErrorContains(t, all.failure(), "nobody answers")
		assert.Assert(t, all.answered().steady(start.Add(12*time.Second), 3*time.Second))
		assert.Assert(t, !all.answered().steady(start.Add(12*time.Second), 5*time.Second))
	})
}

func TestTheVirtualAddressIsTheBalancers(t *testing.T) {
	place, err := virtualPlace(`{"items": [
		{"spec": {"type": "ClusterIP", "ports": [{"port": 443}]}, "status": {"loadBalancer": {}}},
		{"spec": {"type": "LoadBalancer", "ports": [{"port": 80}, {"port": 443}]}, "status": {"loadBalancer": {"ingress": [{"ip": "10.20.0.250"}]}}}]}`)
	assert.NilError(t, err)
	assert.Equal(t, place.String(), "10.20.0.250:80")
	_, err = virtualPlace(`{"items": [{"spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}, "status": {"loadBalancer": {}}}]}`)
	assert.ErrorContains(t, err, "the stack needs edge.mode vip")
}

func TestHoldersAreThoseOfTheIngress(t *testing.T) {
	holders, err := holdersOf(`{"items": [{"status": {"node": "w2", "serviceNamespace": "ingress-nginx"}}, {"status": {"node": "w3", "serviceNamespace": "mine"}},
		{"status": {"node": "w1", "serviceNamespace": "ingress-nginx"}}]}`)
	assert.NilError(t, err)
	assert.DeepEqual(t, holders, []string{"w1", "w2"})
}

func TestWhatIsNotReadyIsNamed(t *testing.T) {
	speakers := func(desired, ready int) []daemonSet {
		var each daemonSet
		each.Metadata.Name, each.Status.Desired, each.Status.Ready = "metallb-speaker", desired, ready
		return []daemonSet{each}
	}
	assert.Equal(t, lacking(speakers(2, 1)), "1 of 2 of metallb-speaker are ready")
	assert.Equal(t, lacking(speakers(2, 2)), "")
	assert.Equal(t, lacking(speakers(1, 1)), "metallb-speaker is for 1 nodes: the stack needs two workers or more")
	assert.Equal(t, lacking(nil), "there is no DaemonSet")
}
