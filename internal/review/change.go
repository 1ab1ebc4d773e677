package review

import (
	"cmp"
	"slices"
	"strings"
)

// What happens to a resource. Other words of the engine's are kept as they are, and rank as if everything were lost: nobody has
// said what they mean.
const (
	Same    = "same"
	Create  = "create"
	Update  = "update"
	Replace = "replace"
	Delete  = "delete"
	// Leave is a deletion from the state alone: the thing stays where it is.
	Leave  = "leave"
	Import = "import"
)

// ops are the engine's words, several of which are one of ours.
var ops = map[string]string{
	"create": Create, "update": Update, "delete": Delete, "import": Import, "same": Same, "read": Same, "refresh": Same,
	"replace": Replace, "create-replacement": Replace, "delete-replaced": Replace, "import-replacement": Replace,
	"read-replacement": Same, "read-discard": Same, "discard": Same, "discard-replaced": Same, "remove-pending-replace": Delete,
}

// Change is what happens to one resource.
type Change struct {
	URN, Type, Name string
	Op              string
	// Role is what a machine does in the cluster: "control-plane", "worker" or "bastion".
	Role string
	// Protected is one that the engine refuses to delete.
	Protected bool
	// Properties are those that change, sorted by their paths; of a replacement those that force it are marked.
	Properties []Property
	// Objects are those of a Helm release as they are in the cluster, by kind.
	Objects map[string][]string
	// Release is what becomes of them; nil if nobody has rendered it.
	Release *Release
	// Rials are what a month costs more; Priced tells whether both prices are known.
	Rials  float64
	Priced bool
}

// Changes are what happens to each resource, one for the three steps of a replacement, sorted by type and name.
func (p *Preview) Changes() []Change {
	byURN := map[string]*Change{}
	for _, step := range p.Steps {
		op, known := ops[step.Op]
		if !known {
			op = step.Op
		}
		if op == Same || !step.custom() {
			continue
		}
		if op == Delete && step.Old != nil && step.Old.RetainOnDelete {
			op = Leave
		}
		change := byURN[step.URN]
		if change == nil {
			change = &Change{URN: step.URN}
			byURN[step.URN] = change
		}
		change.take(op, step)
	}
	var changes []Change
	for _, change := range byURN {
		change.Release = p.Releases[change.URN]
		changes = append(changes, *change)
	}
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Name, b.Name), strings.Compare(a.URN, b.URN))
	})
	return changes
}

// custom tells whether there is anything behind a resource: components and the stack itself are only names.
func (s Step) custom() bool {
	for _, side := range []*Resource{s.New, s.Old} {
		if side != nil {
			return side.Custom && side.Type != "pulumi:pulumi:StackReference"
		}
	}
	return true
}

func (c *Change) take(op string, step Step) {
	if c.Op != Replace { // any of its three steps says so
		c.Op = op
	}
	c.Name = step.URN[strings.LastIndex(step.URN, "::")+2:]
	for _, side := range []*Resource{step.New, step.Old} {
		if side == nil {
			continue
		}
		c.Type = cmp.Or(c.Type, side.Type)
		c.Role = cmp.Or(c.Role, roleOf(side))
		c.Protected = c.Protected || side.Protect
	}
	if step.Old != nil && c.Objects == nil {
		c.Objects = objectsOf(step.Old.Outputs["resourceNames"])
	}
	if found := step.properties(); len(found) > len(c.Properties) {
		c.Properties = found
	}
	if step.Op == "create-replacement" || step.Op == "delete-replaced" {
		return // both sides stand in the third step
	}
	c.Rials, c.Priced = priceOf(op, step)
}

const securityGroups = "securityGroupIds"

// roles are the roles of machines by the ends of the names of the security groups that they are in.
var roles = map[string]string{"-control-planes": "control-plane", "-workers": "worker", "-bastion": "bastion"}

func roleOf(machine *Resource) string {
	for _, group := range machine.PropertyDependencies[securityGroups] {
		for end, role := range roles {
			if strings.HasSuffix(group, end) {
				return role
			}
		}
	}
	return ""
}

// objectsOf reads a Helm release's output resourceNames: "Deployment.apps/apps/v1" to "namespace/name".
func objectsOf(output any) map[string][]string {
	byKind, _ := output.(map[string]any)
	objects := map[string][]string{}
	for kind, names := range byKind {
		short, _, _ := strings.Cut(kind, "/")
		short, _, _ = strings.Cut(short, ".")
		list, _ := names.([]any)
		for _, name := range list {
			if text, ok := name.(string); ok {
				objects[short] = append(objects[short], text)
			}
		}
		slices.Sort(objects[short])
	}
	return objects
}

const price = "pricePerMonth"

// priced are the types that cost something by themselves.
var priced = []string{"arvancloud:iaas:Server", "arvancloud:networking:FloatingIp", "arvancloud:storage:Volume"}

// priceOf is what a month costs more after a step, from the prices that the provider tells.
func priceOf(op string, step Step) (rials float64, known bool) {
	of := func(side *Resource) (float64, bool) {
		if side == nil {
			return 0, true
		}
		number, told := side.Outputs[price].(float64)
		return number, told || !slices.Contains(priced, side.Type)
	}
	before, known := of(step.Old)
	switch op {
	case Leave: // it stays, and costs what it did
		return 0, true
	case Delete:
		return -before, known
	}
	after, also := of(step.New)
	return after - before, known && also
}
