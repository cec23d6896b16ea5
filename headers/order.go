package headers

import (
	"net/http"
	"slices"
	"strings"
)

// reconcile brings the list up to date with the header that goes out: removed
// fields are left out, changed ones have their new value, and new ones stand where
// no browser has any, behind the others.
func reconcile(list List, h http.Header) List {
	out := make([]Field, 0, len(list.Fields)+len(h))
	seen := make(map[string]bool, len(list.Fields))
	for _, f := range list.Fields {
		lowerName := strings.ToLower(f.Name)
		if ownedByTransport(lowerName) {
			out = append(out, f)
			continue
		}
		values, ok := callerValues(h, f.Name)
		switch {
		case !ok || seen[lowerName] && lowerName != nCookie.h2:
		case lowerName == nCookie.h2:
			if strings.Contains(strings.Join(values, "; "), f.Value) {
				out = append(out, f)
			}
		default:
			for _, value := range values {
				if value != "" {
					out = append(out, Field{f.Name, value})
				}
			}
		}
		seen[lowerName] = true
	}
	list.Fields = insertNew(out, list.Protocol, h, seen)
	return list
}

// insertNew puts the headers that no browser sends behind the ones it sends, but
// before those that end every list.
func insertNew(fields []Field, protocol Protocol, h http.Header, seen map[string]bool) []Field {
	var fresh []Field
	for key, values := range h {
		if seen[strings.ToLower(key)] || ownedByTransport(key) {
			continue
		}
		n := key
		if protocol == HTTP2 {
			n = strings.ToLower(key)
		}
		for _, value := range values {
			fresh = append(fresh, Field{n, value})
		}
	}
	if len(fresh) == 0 {
		return fields
	}
	slices.SortStableFunc(fresh, func(a, b Field) int { return compareFold(a.Name, b.Name) })
	end := len(fields)
	for end > 0 && endsList(fields[end-1].Name) {
		end--
	}
	return slices.Insert(fields, end, fresh...)
}

func endsList(n string) bool {
	switch strings.ToLower(n) {
	case nCookie.h2, nPriority.h2, nTE.h2, nPragma.h2, nCacheControl.h2:
		return true
	}
	return false
}
