package cloud

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
)

// reconciler calls one function, one at a time, for the keys that change, and again later for those that fail.
type reconciler struct {
	name  string
	queue workqueue.TypedRateLimitingInterface[string]
	sync  func(ctx context.Context, key string) error
}

func newReconciler(name string, sync func(context.Context, string) error) *reconciler {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[string](100*time.Millisecond, 10*time.Second)
	return &reconciler{name: name, queue: workqueue.NewTypedRateLimitingQueue(limiter), sync: sync}
}

// watch makes every change that the informer sees a reason to look at the keys that keysOf names for it.
func (r *reconciler) watch(informer cache.SharedIndexInformer, keysOf func(object any) []string) {
	enqueue := func(object any) {
		if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = gone.Obj
		}
		for _, key := range keysOf(object) {
			r.queue.Add(key)
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    enqueue,
		UpdateFunc: func(_, object any) { enqueue(object) },
		DeleteFunc: enqueue,
	})
	if err != nil {
		// Only an informer that was stopped refuses a handler, and none is at this point.
		panic(err)
	}
}

// run works until the context ends.
func (r *reconciler) run(ctx context.Context) {
	defer r.queue.ShutDown()
	go wait.UntilWithContext(ctx, func(ctx context.Context) {
		for r.next(ctx) {
		}
	}, time.Second)
	<-ctx.Done()
}

func (r *reconciler) next(ctx context.Context) bool {
	key, stopped := r.queue.Get()
	if stopped {
		return false
	}
	defer r.queue.Done(key)
	if err := r.sync(ctx, key); err != nil {
		klog.ErrorS(err, "will be tried again", "what", r.name, "key", key)
		r.queue.AddRateLimited(key)
		return true
	}
	r.queue.Forget(key)
	return true
}

// ownKey is the keysOf of informers whose objects are looked at themselves.
func ownKey(object any) []string {
	key, err := cache.MetaNamespaceKeyFunc(object)
	if err != nil {
		return nil
	}
	return []string{key}
}
