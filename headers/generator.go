package headers

// Generator writes the headers of one profile. It is immutable and safe for
// concurrent use; [Profile.Build] makes it once, with every value that depends
// on the profile alone.
type Generator struct {
	profile    Profile
	data       *familyData
	family     familyID
	thirdParty ThirdPartyCookies

	userAgent      string
	acceptLanguage string
	encoding       string            // Accept-Encoding of a secure URL
	accept         map[string]string // by destination; the rest is */*
	hints          map[string]string // values of all client hints
}

// insecureEncoding is the Accept-Encoding of every browser over plain HTTP:
// proxies on the way have been known to break newer codings.
const insecureEncoding = "gzip, deflate"

// Build validates the profile and prepares what does not depend on the situation.
func (p Profile) Build() (*Generator, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	c := Catalogue()
	g := &Generator{profile: p, family: p.family(), thirdParty: p.ThirdPartyCookies}
	switch g.family {
	case chromiumFamily:
		g.data = &c.chromium
		g.hints = hintValues(p, g.data)
	case firefoxFamily:
		g.data = &c.firefox
	case webkitFamily:
		g.data = &c.webkit
	}
	if g.thirdParty == "" {
		g.thirdParty = CookiesBlocked
		if g.family == chromiumFamily {
			g.thirdParty = CookiesAllowed
		}
	}
	if p.foreign() {
		g.profile.Version = c.webkit.Last // the shell's own version says nothing about the engine
	}
	g.userAgent = g.data.userAgent(p)
	g.acceptLanguage = acceptLanguage(p, g.data)
	g.encoding = "gzip, deflate, br"
	if g.profile.Version >= g.data.Since.Zstd {
		g.encoding += ", zstd"
	}
	g.accept = make(map[string]string, len(g.data.Accept))
	for dest := range g.data.Accept {
		g.accept[dest] = g.data.accept(dest, g.profile)
	}
	return g, nil
}

// Profile returns what the generator was built from.
func (g *Generator) Profile() Profile { return g.profile }

// UserAgent returns the value of the User-Agent header.
func (g *Generator) UserAgent() string { return g.userAgent }

// Generate returns what the browser of p sends in situation s: a pure function.
// Its errors are [*ConflictError]s.
func Generate(p Profile, s Situation) (List, error) {
	g, err := p.Build()
	if err != nil {
		return List{}, err
	}
	if err := s.Validate(); err != nil {
		return List{}, err
	}
	return g.Fields(&s), nil
}

// Fields returns what the browser sends in situation s, which has to be valid.
func (g *Generator) Fields(s *Situation) List { return g.appendFields(s, nil) }

// typicalFields is room enough for nearly every request.
const typicalFields = 16

// appendFields is Fields into the caller's memory.
func (g *Generator) appendFields(s *Situation, buf []Field) List {
	if buf == nil {
		buf = make([]Field, 0, typicalFields)
	}
	protocol := s.protocol()
	w := writer{h2: protocol == HTTP2, fields: buf}
	list := List{Protocol: protocol}
	switch g.family {
	case chromiumFamily:
		list.Pseudo = chromiumPseudo
		g.chromium(&w, s)
	case firefoxFamily:
		list.Pseudo = firefoxPseudo
		g.firefox(&w, s)
	case webkitFamily:
		list.Pseudo = webkitPseudo
		if g.profile.Version < g.data.Since.NewOrder {
			list.Pseudo = oldWebkitPseudo
		}
		g.webkit(&w, s)
	}
	if !w.h2 {
		list.Pseudo = nil
	}
	list.Fields = w.fields
	return list
}

// The orders of the pseudo-headers, which are a fingerprint of their own.
var (
	chromiumPseudo  = []string{":method", ":authority", ":scheme", ":path"}
	firefoxPseudo   = []string{":method", ":path", ":authority", ":scheme"}
	webkitPseudo    = []string{":method", ":scheme", ":authority", ":path"}
	oldWebkitPseudo = []string{":method", ":scheme", ":path", ":authority"}
)

// acceptFor is the Accept header, unless the page's script has set its own.
func (g *Generator) acceptFor(dest string) string {
	if v, ok := g.accept[dest]; ok {
		return v
	}
	return "*/*"
}

// acceptValue is what the browser accepts for a kind.
func (g *Generator) acceptValue(s *Situation) string {
	switch s.Kind {
	case Navigate, Reload, HardReload, IFrame:
		return g.acceptFor("document")
	case Object, Embed:
		if g.family == firefoxFamily {
			return "*/*"
		}
		return g.acceptFor("document")
	case Favicon:
		if g.family == webkitFamily {
			return "*/*"
		}
		return g.acceptFor("image")
	case Prefetch:
		if g.family == firefoxFamily && g.profile.Version < g.data.Since.PrefetchDocument {
			return "*/*"
		}
		return g.acceptFor("document")
	case Style:
		return "text/css,*/*;q=0.1"
	case EventSource:
		return "text/event-stream"
	}
	return g.acceptFor(kinds[s.Kind].dest)
}

func (g *Generator) encodingFor(s *Situation) string {
	if secure(s.URL) {
		return g.encoding
	}
	return insecureEncoding
}
