package alerts

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/assert"

	"github.com/iransre/exchange-platform/sandbox/messages"
)

var (
	begin = time.Date(2026, 11, 27, 20, 0, 0, 0, time.UTC)
	page  = ofRule(rule{summary: "یک گره از دسترس خارج است"}, "w2", []messages.Way{messages.Telegram, messages.SMS})
)

func telegram(after int, text string) messages.Arrived {
	return messages.Arrived{Way: messages.Telegram, Text: text, At: begin.Add(time.Duration(after) * time.Second)}
}

func sms(after int, text string) messages.Arrived {
	return messages.Arrived{Way: messages.SMS, Text: text, At: begin.Add(time.Duration(after) * time.Second)}
}

const (
	away  = "🔴 فوری: <b>یک گره از دسترس خارج است</b>\nNodeAway w2\n<a href=\"https://rb\">راهنما</a>"
	other = "🔴 فوری: <b>یک گره از دسترس خارج است</b>\nNodeAway w3"
	over  = "🟢 برطرف شد: <b>یک گره از دسترس خارج است</b> w2"
)

func TestAMessageIsHeardWhenItIsThereByEachWay(t *testing.T) {
	_, _, complete := page.heard([]messages.Arrived{telegram(5, away)}, begin, false)
	assert.Assert(t, !complete)
	assert.DeepEqual(t, page.missing([]messages.Arrived{telegram(5, away)}, begin, false), []string{"SMS"})
	first, at, complete := page.heard([]messages.Arrived{telegram(5, away), sms(7, "یک گره از دسترس خارج است\nhttps://rb")}, begin, false)
	assert.Assert(t, complete)
	assert.Equal(t, at, begin.Add(7*time.Second))
	assert.Equal(t, firstLine(first.Text), "🔴 فوری: یک گره از دسترس خارج است")
}

func TestAnotherMessageIsNotTheOneThatIsWaitedFor(t *testing.T) {
	byTelegram := expected{said: page.said, over: page.over, names: "w2", ways: []messages.Way{messages.Telegram}}
	for name, test := range map[string]struct {
		message     messages.Arrived
		first, over bool
	}{
		"of the fault":                   {telegram(5, away), true, false},
		"of another machine":             {telegram(5, other), false, false},
		"from before":                    {telegram(-5, away), false, false},
		"that it is over":                {telegram(5, over), false, true},
		"with another alert":             {telegram(5, "🟡 <b>دیسک یک گره رو به پر شدن است</b>\nNodesDiskGetsFull 10.10.0.4:9100\n\n"+away), true, false},
		"of one that is over, and it is": {telegram(5, other+"\n\n"+over), false, true},
		"in other words":                 {telegram(5, "NodeAway w2"), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, said := byTelegram.heard([]messages.Arrived{test.message}, begin, false)
			_, _, isOver := byTelegram.heard([]messages.Arrived{test.message}, begin, true)
			assert.Equal(t, said, test.first)
			assert.Equal(t, isOver, test.over)
		})
	}
}

func TestWhatElsePeopleReadIsToldOnce(t *testing.T) {
	all := []messages.Arrived{
		telegram(-5, "before"), telegram(5, away), sms(6, "صف کارها پایش نمی‌شود"), telegram(8, "🟢 برطرف شد: <b>صف کارها پایش نمی‌شود</b>"),
		telegram(7, "🟡 <b>صف کارها پایش نمی‌شود</b>\nQueueIsNotWatched"),
		telegram(9, "🟡 <b>صف کارها پایش نمی‌شود</b>\nQueueIsNotWatched"),
	}
	assert.DeepEqual(t, others(all, begin, []expected{page}), []string{"🟡 صف کارها پایش نمی‌شود"})
}

func TestTheWorkerWithTheFewestPodsIsLostFirst(t *testing.T) {
	const nodes = `{"items": [
		{"metadata": {"name": "m1", "labels": {"node-role.kubernetes.io/control-plane": ""}}},
		{"metadata": {"name": "w1"}}, {"metadata": {"name": "w2"}}, {"metadata": {"name": "w3"}}, {"metadata": {"name": "simulated"}}]}`
	const pods = `{"items": [
		{"metadata": {"name": "prometheus", "namespace": "monitoring", "ownerReferences": [{"kind": "StatefulSet"}]}, "spec": {"nodeName": "w1"}},
		{"metadata": {"name": "web", "namespace": "exchange", "ownerReferences": [{"kind": "ReplicaSet"}]}, "spec": {"nodeName": "w2"}},
		{"metadata": {"name": "node-exporter", "namespace": "monitoring", "ownerReferences": [{"kind": "DaemonSet"}]}, "spec": {"nodeName": "w3"}}]}`
	found, err := spare(nodes, pods, []string{"b1", "m1", "w1", "w2", "w3"})
	assert.NilError(t, err)
	assert.DeepEqual(t, found, []worker{{"w3", 0}, {"w2", 1}}, cmp.AllowUnexported(worker{}))
}
