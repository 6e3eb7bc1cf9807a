// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"cmp"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
)

// node is a name on the way to a field, or the field itself.
type node struct {
	field
	traits
	// children are the known names below this one.
	children map[string]*node
	// key is the key by the rule: jumpcloud. and the path. A slot's field has it for what the
	// slot does not take.
	key string
	// parent and segment make the key of an unknown name, once it is needed. Of a known name
	// segment is the name.
	parent  *node
	segment string
	// name is the name as the tree has it, and "" for an unknown one.
	name string
	// usual is the node of the usual spelling.
	usual *node
	// id identifies a path of the tree. All other paths have only a hash, and id is 0.
	id   uint16
	hash uint64
}

// traits are what a path is.
type traits struct {
	// leaf says that no object belongs here: an object's fields get keys that can't collide.
	leaf bool
	// known says that the tables have this path, or that it is on the way to one.
	known bool
	// exact says that the key is the path as it stands.
	exact bool
	// alone says that no other path can have the key, or one above or below it, but for variants.
	alone bool
	// variant says that the key is that of another spelling.
	variant bool
	// nameless says that the path makes no key.
	nameless bool
}

// seed makes hashes of paths. They are compared within one process only.
var seed = maphash.MakeSeed()

// knownTree is the tables as a tree. It is never changed.
var knownTree = newTree(commonFields, serviceFields)

// newTree builds the tree of the tables' paths and of their variants.
func newTree(tables ...map[string]field) *node {
	root := &node{field: field{kind: kindNone}, key: keyPrefix[:len(keyPrefix)-1], traits: traits{known: true, exact: true}}
	for _, table := range tables {
		for _, path := range slices.Sorted(maps.Keys(table)) {
			root.insert(path, path, table[path])
		}
	}
	for _, table := range tables {
		for _, path := range slices.Sorted(maps.Keys(table)) {
			root.insertVariants(path, table[path])
		}
	}
	for _, s := range slots[1:] {
		root.reserve(s.key)
	}
	root.reserve(KeyDelivery)
	root.respell()
	root.number(0)
	root.findAlone(root)
	return root
}

// respell adds the snake case of names that are not in it: an event's field of that name has
// the same key, and so must have the same type.
func (n *node) respell() {
	for name, child := range maps.Clone(n.children) {
		child.respell()
		if segment := snakeCase(name); n.children[segment] == nil && child.slot == slotNone {
			other := *child
			other.name = segment
			other.exact = n.exact
			other.hash = n.hashOf(segment)
			n.children[segment] = &other
		}
	}
}

// findAlone marks the nodes whose key is no other's.
func (n *node) findAlone(root *node) {
	for _, child := range n.children {
		child.alone = child.exact && root.sharing(child.key) == 1
		child.findAlone(root)
	}
}

// sharing counts the nodes without other nodes below them that a key can't stand beside.
func (n *node) sharing(key string) int {
	count := 0
	for _, child := range n.children {
		if len(child.children) == 0 && !child.variant && (child.key == key || nests(child.key, key) || nests(key, child.key)) {
			count++
		}
		count += child.sharing(key)
	}
	return count
}

// number gives ids to all nodes below n, the next of which is after last.
func (n *node) number(last uint16) uint16 {
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		child := n.children[name]
		child.id = last + 1
		last = child.number(child.id)
	}
	return last
}

// insert adds a path as it is spelt, with the key of the usual spelling.
func (n *node) insert(spelling, path string, known field) {
	names, usual := strings.Split(spelling, "."), strings.Split(usualPath(path), ".")
	at := n
	for i, name := range names {
		next := at.children[name]
		if next == nil {
			// A variant may have one name more than the usual spelling, at its beginning.
			key := snakePath(strings.Join(usual[:max(1, len(usual)-len(names)+i+1)], "."))
			next = at.add(name, key, spelling == path)
		}
		at = next
	}
	at.field = known
	at.variant = spelling != usualPath(path)
	at.leaf = known.role != roleActor && known.role != roleAgent
	if known.slot != slotNone {
		at.kind = slots[known.slot].kind
	}
}

// usualPath is the path that a key is made of.
func usualPath(path string) string { return cmp.Or(synonyms[path], path) }

func (n *node) add(name, key string, exact bool) *node {
	child := &node{
		field: field{kind: kindNone}, key: key, parent: n, segment: name, name: name, hash: n.hashOf(name),
		traits: traits{known: true, exact: exact && n.exact && key == n.key+"."+name},
	}
	child.usual = child
	if n.children == nil {
		n.children = make(map[string]*node)
	}
	n.children[name] = child
	return child
}

// insertVariants adds the other spellings of a path, which come after the usual one.
func (n *node) insertVariants(path string, known field) {
	top, rest, nested := strings.Cut(path, ".")
	for i, spelling := range variants[top] {
		variant := known
		variant.rank += uint8(10 * (i + 1))
		if nested {
			spelling += "." + rest
		}
		n.insert(spelling, path, variant)
	}
}

// reserve keeps a curated key from being the key of another field, or a prefix of one.
func (n *node) reserve(key string) {
	path, own := strings.CutPrefix(key, keyPrefix)
	if !own {
		return
	}
	at := n
	for name := range strings.SplitSeq(path, ".") {
		next := at.children[name]
		if next == nil {
			at.add(name, at.key+"."+name, true).leaf = true
			return
		}
		if next.leaf {
			return
		}
		at = next
	}
}

// rankRespelt orders a field in a spelling that is in no table after all that are.
const rankRespelt = 100

// child returns the node of a name below n. The node of an unknown one is written to scratch.
func (n *node) child(name string, scratch *node) *node {
	known, found := n.children[name]
	if found && !n.isRespelt() {
		return known
	}
	segment := snakeCase(name)
	if !found {
		known, found = n.children[segment]
	}
	if found {
		*scratch = known.respelt()
	} else {
		*scratch = node{
			field: field{kind: kindAny}, parent: n, segment: segment, traits: traits{
				exact:    n.exact && segment == name,
				nameless: n.nameless || segment == "" || len(n.path())+1+len(segment) > maxKey,
			},
		}
	}
	scratch.hash = n.hashOf(name)
	return scratch
}

// isOther says that the field may have the key of one that is alone.
func (n *node) isOther() bool { return n.variant || n.isRespelt() }

// isRespelt says that the node, or one above it, has a name that is in no table in this spelling.
func (n *node) isRespelt() bool { return n.known && !n.inTree() }

// respelt returns what a known field is under a name in another case: the same, but last of
// all. Only the usual spelling names the event's time and organization.
func (n *node) respelt() node {
	other := *n
	other.name = ""
	other.exact = false
	other.id = 0
	other.alone = false
	other.rank += rankRespelt
	if n.role == roleTimestamp || n.role == roleOrganization {
		other.field = field{kind: kindNone}
	}
	return other
}

// path returns the key by the rule.
func (n *node) path() string {
	if n.key == "" && !n.nameless {
		n.key = n.parent.path() + "." + n.segment
	}
	return n.key
}

// textKey returns the key for a value that the field's own key can't have: the key by the rule,
// unless that is the field's own, or could be another's.
func (n *node) textKey() string {
	key := n.path()
	if n.slot == slotNone || !strings.HasSuffix(key, "."+n.segment) {
		return key + suffixText
	}
	for i := range slots {
		if slots[i].key == key || nests(key, slots[i].key) {
			return key + suffixText
		}
	}
	return key
}

// below returns a node like this one for the fields of an object that does not belong here.
func (n *node) below() *node {
	return &node{key: n.path() + suffixObject, traits: traits{nameless: n.nameless}, field: field{role: n.role}, hash: n.hash}
}

func (n *node) hashOf(name string) uint64 {
	const spread = 0x9E3779B97F4A7C15
	return n.hash*spread + maphash.String(seed, name)
}
