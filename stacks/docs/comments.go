package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
)

const module = "github.com/iransre/exchange-platform/"

// comments reads what types and their fields say of themselves, from the sources of the checkout at root.
type comments struct {
	root string
	// read are the comments of the packages that were asked for: of "Type" and "Type.Field".
	read map[string]map[string]string
}

// of is the comment of a field, or of the type itself where the field's name is empty; empty if there is none.
func (c *comments) of(t reflect.Type, field string) (string, error) {
	folder, ours := strings.CutPrefix(t.PkgPath(), module)
	if !ours {
		return "", nil
	}
	found, known := c.read[folder]
	if !known {
		var err error
		if found, err = read(filepath.Join(c.root, folder)); err != nil {
			return "", fmt.Errorf("the comments of %s: %w", folder, err)
		}
		if c.read == nil {
			c.read = map[string]map[string]string{}
		}
		c.read[folder] = found
	}
	if field == "" {
		return found[t.Name()], nil
	}
	return found[t.Name()+"."+field], nil
}

func read(folder string) (map[string]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, declaration := range file.Decls {
			if types, ok := declaration.(*ast.GenDecl); ok && types.Tok == token.TYPE {
				collect(found, types)
			}
		}
	}
	return found, nil
}

// collect keeps the comments of a declaration's types and their fields, each on one line.
func collect(found map[string]string, types *ast.GenDecl) {
	for _, each := range types.Specs {
		spec := each.(*ast.TypeSpec)
		about := spec.Doc
		if about == nil {
			about = types.Doc
		}
		found[spec.Name.Name] = line(about)
		structure, ok := spec.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range structure.Fields.List {
			for _, name := range field.Names {
				found[spec.Name.Name+"."+name.Name] = line(field.Doc)
			}
		}
	}
}

func line(comment *ast.CommentGroup) string { return strings.Join(strings.Fields(comment.Text()), " ") }
