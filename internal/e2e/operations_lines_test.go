// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// loggedLines are the texts that the receiver may log, from its sources: what its loggers are called with, the
// tables of texts that they choose from, what to do about each kind of failure, and the warnings of a configuration.
func loggedLines(t *testing.T) []string {
	t.Helper()
	lines := make(map[string]struct{})
	sources, err := filepath.Glob("../../receiver/jumpcloudreceiver/*.go")
	require.NoError(t, err)
	for _, source := range append(sources, "../../internal/poll/failure.go") {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		text, err := os.ReadFile(source)
		require.NoError(t, err)
		file, err := parser.ParseFile(token.NewFileSet(), source, text, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(node ast.Node) bool {
			for _, line := range saidBy(node, filepath.Base(source)) {
				lines[line] = struct{}{}
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(lines))
}

// saidBy returns the texts of one piece of a source.
func saidBy(node ast.Node, source string) []string {
	switch node := node.(type) {
	case *ast.CallExpr:
		called, ok := node.Fun.(*ast.SelectorExpr)
		if ok && slices.Contains([]string{"Info", "Warn", "Error"}, called.Sel.Name) && isLogger(called.X) {
			return literals(node.Args[0])
		}
	case *ast.ValueSpec:
		if name := node.Names[0].Name; strings.HasSuffix(name, "Texts") || name == "failureTable" {
			return literals(node)
		}
	case *ast.FuncDecl:
		// The text of this line is made of parts.
		if node.Name.Name == "HistoryEnded" {
			return []string{"History … all of them delivered"}
		}
		if source == "config_warnings.go" && strings.HasSuffix(node.Name.Name, "arnings") {
			return literals(node)
		}
	}
	return nil
}

func isLogger(expression ast.Expr) bool {
	switch expression := expression.(type) {
	case *ast.SelectorExpr:
		return strings.HasSuffix(strings.ToLower(expression.Sel.Name), "logger")
	case *ast.Ident:
		return strings.HasSuffix(strings.ToLower(expression.Name), "logger")
	default:
		return false
	}
}

// literals are the texts in a piece of a source, but for words, constants and what is appended, which are parts of them.
func literals(node ast.Node) (texts []string) {
	ast.Inspect(node, func(node ast.Node) bool {
		if declared, ok := node.(*ast.GenDecl); ok && declared.Tok == token.CONST {
			return false
		}
		literal, ok := node.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		if text, err := strconv.Unquote(literal.Value); err == nil && strings.Contains(text, " ") && text[0] != ';' {
			texts = append(texts, text)
		}
		return true
	})
	return texts
}
