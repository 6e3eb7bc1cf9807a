// SPDX-License-Identifier: Apache-2.0

// Command measure prints how large the packages of a tree are: files, lines, functions, structs and types. Tests and
// generated code are left out. It fails where a limit of the project is exceeded.
//
//	go run ./measure FOLDER
package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	mostMethods = 20
	mostFields  = 12
	mostLines   = 300
	mostLength  = 60
)

// size is what there is of a package.
type size struct {
	folder        string
	files, lines  int
	largestFile   int
	lengths       []int
	fields        int
	largestStruct string
	methods       map[string]int
	exported      int
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: measure FOLDER")
		os.Exit(2)
	}
	packages, above, err := measure(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
	fmt.Println("| package | files | lines | largest file | function median/p90/max | largest struct | most methods on a type | exported |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for _, p := range packages {
		slices.Sort(p.lengths)
		name, methods := most(p.methods)
		fmt.Printf("| %s | %d | %d | %d | %d/%d/%d | %d %s | %d %s | %d |\n", p.folder, p.files, p.lines, p.largestFile,
			at(p.lengths, 50), at(p.lengths, 90), at(p.lengths, 100), p.fields, p.largestStruct, methods, name, p.exported)
	}
	for _, text := range above {
		fmt.Println(text)
	}
	if len(above) > 0 {
		os.Exit(1)
	}
}

func at(sorted []int, percent int) int {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)-1)*percent/100]
}

func most(counts map[string]int) (name string, count int) {
	for each, number := range counts {
		if number > count || number == count && each < name {
			name, count = each, number
		}
	}
	return name, count
}

// measure returns the packages below a folder, in the order of their names, and what exceeds a limit.
func measure(root string) (packages []*size, above []string, err error) {
	found := make(map[string]*size)
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root && strings.ContainsAny(entry.Name()[:1], "._") || entry.Name() == "testdata" {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(entry.Name(), "generated_") {
			return nil
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		if found[folder] == nil {
			found[folder] = &size{folder: folder, methods: make(map[string]int)}
			packages = append(packages, found[folder])
		}
		beyond, err := found[folder].add(path)
		above = append(above, beyond...)
		return err
	})
	slices.SortFunc(packages, func(a, b *size) int { return cmp.Compare(a.folder, b.folder) })
	for _, p := range packages {
		for name, count := range p.methods {
			if count > mostMethods {
				above = append(above, fmt.Sprintf("%s: %s has %d methods, at most %d are due", p.folder, name, count, mostMethods))
			}
		}
	}
	slices.Sort(above)
	return packages, above, err
}

// add adds a file, and returns what of it exceeds a limit.
func (p *size) add(path string) (above []string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, 0)
	if err != nil {
		return nil, err
	}
	lines := strings.Count(string(text), "\n")
	p.files++
	p.lines += lines
	p.largestFile = max(p.largestFile, lines)
	if lines > mostLines {
		above = append(above, fmt.Sprintf("%s: %d lines, at most %d are due", path, lines, mostLines))
	}
	for _, declaration := range file.Decls {
		switch declaration := declaration.(type) {
		case *ast.FuncDecl:
			length := files.Position(declaration.End()).Line - files.Position(declaration.Pos()).Line + 1
			p.function(declaration, length)
			if length > mostLength && !isTable(declaration) {
				above = append(above, fmt.Sprintf("%s: %s has %d lines, at most %d are due", path, declaration.Name.Name, length, mostLength))
			}
		case *ast.GenDecl:
			above = append(above, p.declared(path, declaration)...)
		}
	}
	return above, nil
}

// isTable reports whether a function does nothing but return data.
func isTable(declaration *ast.FuncDecl) bool {
	if declaration.Body == nil || len(declaration.Body.List) != 1 {
		return false
	}
	returned, ok := declaration.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(returned.Results) != 1 {
		return false
	}
	_, ok = returned.Results[0].(*ast.CompositeLit)
	return ok
}

func (p *size) function(declaration *ast.FuncDecl, length int) {
	p.lengths = append(p.lengths, length)
	if declaration.Recv == nil {
		if declaration.Name.IsExported() {
			p.exported++
		}
		return
	}
	receiver := declaration.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	if generic, ok := receiver.(*ast.IndexExpr); ok {
		receiver = generic.X
	}
	if name, ok := receiver.(*ast.Ident); ok {
		p.methods[name.Name]++
	}
}

// declared counts the exported names of a declaration, and the fields of its structs. Those of a configuration, and of a
// command's flags, are as many as a user can set, and have no limit.
func (p *size) declared(path string, declaration *ast.GenDecl) (above []string) {
	for _, spec := range declaration.Specs {
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() {
					p.exported++
				}
			}
		case *ast.TypeSpec:
			if spec.Name.IsExported() {
				p.exported++
			}
			structure, ok := spec.Type.(*ast.StructType)
			if !ok || strings.HasSuffix(spec.Name.Name, "Config") || strings.HasSuffix(spec.Name.Name, "Settings") || spec.Name.Name == "options" {
				continue
			}
			fields := 0
			for _, field := range structure.Fields.List {
				fields += max(1, len(field.Names))
			}
			if fields > p.fields {
				p.fields, p.largestStruct = fields, spec.Name.Name
			}
			if fields > mostFields {
				above = append(above, fmt.Sprintf("%s: %s has %d fields, at most %d are due", path, spec.Name.Name, fields, mostFields))
			}
		}
	}
	return above
}
