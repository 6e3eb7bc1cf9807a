// SPDX-License-Identifier: Apache-2.0

package mapping

// order is the order in which known names came last. Events of one type have their names in the
// same order, so that most names are found with one comparison.
type order struct {
	// first has the name that came first in an object, and next the one that came after another,
	// each by the id of its node.
	first, next [maxID]followed
}

// followed is a name that came after another, and the object that it is in.
type followed struct {
	parent, child *node
}

// child returns the node of a name below parent, which came after previous, or first where that
// is parent. The node of an unknown one is written to scratch.
func (o *order) child(parent, previous *node, name string, scratch *node) *node {
	last := &o.next[previous.id]
	if previous == parent {
		last = &o.first[parent.id]
	}
	if last.parent == parent && last.child.name == name {
		return last.child
	}
	child := parent.child(name, scratch)
	// What is not of the tree is used again for other names.
	if child.name != "" && parent.isTree() && previous.isTree() {
		*last = followed{parent: parent, child: child}
	}
	return child
}

// isTree says that the node is one of the tree.
func (n *node) isTree() bool { return n.id != 0 || n == knownTree }
