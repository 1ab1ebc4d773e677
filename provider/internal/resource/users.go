package resource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/iransre/exchange-platform/provider/client"
)

// User is an object that uses another one.
type User struct {
	Kind string // what messages call one of them
	Identity
	Label   string
	Leaving bool // it is being deleted already
}

func (u User) String() string { return fmt.Sprintf("the %s %s (%s)", u.Kind, u.Label, u.Identity) }

// inWords lists users as messages do.
func inWords(users []User) string {
	words := make([]string, len(users))
	for i, user := range users {
		words[i] = user.String()
	}
	return strings.Join(words, ", ")
}

// usersOf are the objects that use this one, and of them those that are not.
func (k *Kind[I, S, O]) usersOf(ctx context.Context, s *Session, id Identity, but func(User) bool) (all, rest []User, err error) {
	if k.Users == nil {
		return nil, nil, nil
	}
	all, err = k.Users(ctx, s, id)
	for _, user := range all {
		if !but(user) {
			rest = append(rest, user)
		}
	}
	return all, rest, err
}

// unused refuses to take over what somebody uses: an interrupted creation left nothing behind that anything could have used since,
// but for what is in the state. What is used is somebody else's, or this stack's whose state was lost: to take it over in parts
// would have a later deletion take it from under those that use it.
func (k *Kind[I, S, O]) unused(ctx context.Context, s *Session, args I, id Identity) error {
	_, strangers, err := k.usersOf(ctx, s, id, func(user User) bool { return s.IsOwned(user.Kind, user.Identity.String()) })
	if err != nil || len(strangers) == 0 {
		return err
	}
	return fmt.Errorf("%s has the %s already (%s), and it is in use by %s, not in this stack's state: choose another name; or, if the state was lost, "+
		"import all that it had, this one with `pulumi import %s:%s NAME %s`",
		k.placeInWords(id.Place), k.labelled(args), id.Object, inWords(strangers), Package, k.Type, id)
}

// deleteWhenUnused deletes something that the API refuses to delete while it is in use. Users that stay are not waited for.
func (k *Kind[I, S, O]) deleteWhenUnused(ctx context.Context, s *Session, id Identity, thing string, remove func(context.Context) error) error {
	var refusal error
	var stays time.Time
	err := s.Poll(ctx, func(ctx context.Context) (string, error) {
		err := remove(ctx)
		switch {
		case err == nil || client.IsNotFound(err):
			return "", nil
		case !client.HasStatus(err, http.StatusConflict):
			return "", err
		}
		refusal = err
		users, staying, err := k.usersOf(ctx, s, id, s.ends)
		switch {
		case err != nil:
			return "", errors.Join(refusal, err)
		case len(users) == 0: // of which the API tells nothing
			return "waiting until " + thing + " is not in use any more", nil
		case len(staying) == 0:
			stays = time.Time{}
		case stays.IsZero():
			stays = time.Now()
		case time.Since(stays) > s.tuning.UserPatience:
			return "", fmt.Errorf("%s is in use by %s, not deleted in this run: detach or delete what is there, or take %s out of the state "+
				"(`pulumi state delete`), and run again: %w", thing, inWords(staying), thing, refusal)
		}
		return "waiting until " + thing + " is not in use any more by " + inWords(users), nil
	})
	if err != nil && refusal != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", err, refusal)
	}
	return err
}
