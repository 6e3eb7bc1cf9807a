// SPDX-License-Identifier: Apache-2.0

package mapping

// order is the order in which known names came last. Events of one type have their names in the
// same order, so that most names are found with one comparison.
type order struct {
	// next has the names that came after another, by the id of its node, or first in an object, by
	// the object's. Names that differ in length have places of their own.
	next [maxID][4]followed
}

// followed is a name that came after another, and the object that it is in.
type followed struct {
	parent, child *node
}

// child returns the node of a name below parent that comes after previous, or first where that
// is parent. The node of an unknown one is written to scratch.
func (o *order) child(parent, previous *node, name string, scratch *node) *node {
	last := &o.next[previous.id][len(name)%4]
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

// inTree says that the node is one of the tree.
func (n *node) inTree() bool { return n.id != 0 || n == knownTree }
