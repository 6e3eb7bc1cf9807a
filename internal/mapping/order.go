// SPDX-License-Identifier: Apache-2.0

package mapping

// places is how many names are kept that came after one name.
const places = 8

// order is the order in which known names came last. Events of one type have their names in the
// same order, so that most names are found with one comparison.
type order struct {
	// next has the names that came after another, by the id of its node, or first in an object, by
	// the object's. Names that differ in length or in their first letter mostly have places of
	// their own: what follows differs from type to type.
	next [maxID][places]followed
}

// followed is a name that came after another, and the object that it is in.
type followed struct {
	parent, child *node
}

// child returns the node of a name below parent that comes after previous, or first where that
// is parent. The node of an unknown one is written to scratch.
func (o *order) child(parent, previous *node, name string, scratch *node) *node {
	last := &o.next[previous.id][place(name)]
	if last.parent == parent && last.child.name == name {
		return last.child
	}
	child := parent.child(name, scratch)
	// A node that is not of the tree will be another name's.
	if child.inTree() && parent.inTree() && previous.inTree() {
		*last = followed{parent: parent, child: child}
	}
	return child
}

func place(name string) int {
	if name == "" {
		return 0
	}
	return (len(name) + int(name[0])) % places
}

// inTree says that the node is one of the tree.
func (n *node) inTree() bool { return n.id != 0 || n == knownTree }
