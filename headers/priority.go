package headers

// chromiumPriority is the value of the Priority header (RFC 9218) in the Chromium
// family: urgency 3 and false are the defaults and left out; "" sends none. What
// lies in the viewport and what does not is unknown here: images and fonts get
// the value of those that are seen.
func (g *Generator) chromiumPriority(s *Situation) string {
	if urgency, ok := chromiumScriptUrgency(s); ok {
		return urgency
	}
	switch s.Kind {
	case Image:
		return byImportance(s, "u=2, i", "u=1, i", "i")
	case Favicon:
		return "u=1, i"
	case Style:
		switch {
		case s.Placement == InBody && !s.Preload:
			return byImportance(s, "u=2", "u=1", "")
		case s.Placement == Async && !s.Preload:
			return byImportance(s, "u=4", "u=1", "u=4")
		}
		return byImportance(s, "u=0", "u=0", "u=1")
	case Font:
		if s.Preload {
			return byImportance(s, "u=1", "u=1", "")
		}
		return "u=0"
	case Fetch, EventSource, XHR, Preflight:
		return byImportance(s, "u=1, i", "u=1, i", "i")
	case Worker:
		if g.profile.Version < g.data.Since.PlainWorker {
			return "u=1, i"
		}
		return "u=4, i"
	case Beacon, Prefetch, SharedWorker, ServiceWorker:
		return "u=4, i"
	case Audio, Video, Track:
		return "i"
	case Manifest:
		return "u=2"
	}
	return "u=0, i"
}

func chromiumScriptUrgency(s *Situation) (string, bool) {
	switch {
	case s.Kind != Script && s.Kind != Module:
		return "", false
	case s.FromWorker:
		return "u=0, i", true // importScripts waits for it
	case s.Kind == Module, s.Preload:
	case s.Placement == Async:
		return byImportance(s, "", "u=1", ""), true
	case s.Placement == InBody:
		return byImportance(s, "u=2", "u=1", ""), true
	}
	return byImportance(s, "u=1", "u=1", ""), true
}

func byImportance(s *Situation, auto, high, low string) string {
	switch s.Importance {
	case High:
		return high
	case Low:
		return low
	}
	return auto
}

// firefoxPriority is the same for Firefox, which sends it over HTTP/1.1 too.
func firefoxPriority(s *Situation) string {
	switch s.Kind {
	case IFrame, Object, Embed, Audio, Video, Track, EventSource, Preflight, Worker, SharedWorker, ServiceWorker, Manifest:
		return "u=4"
	case Image:
		if s.Preload {
			return byImportance(s, "u=5, i", "u=4, i", "u=6, i")
		}
		return byImportance(s, "u=5, i", "i", "u=6, i")
	case Favicon, Beacon, Prefetch:
		return "u=6"
	case Style:
		switch {
		case s.Preload:
			return byImportance(s, "u=0", "u=0", "u=1")
		case s.Placement == Async:
			return byImportance(s, "u=4", "u=4", "u=5")
		}
		return byImportance(s, "u=2", "u=0", "u=2")
	case Script, Module:
		switch {
		case s.FromWorker:
			return "u=4"
		case s.Preload:
			return byImportance(s, "u=1", "u=1", "u=4")
		case s.Kind == Script && (s.Placement == InHead || s.Placement == ""):
			return byImportance(s, "u=2", "u=2", "u=4")
		}
		return byImportance(s, "", "u=2", "u=4")
	case Font:
		if s.Preload {
			return byImportance(s, "u=2", "u=1", "u=4")
		}
		return ""
	case Fetch:
		if s.Preload {
			return byImportance(s, "", "u=2", "u=4")
		}
		return byImportance(s, "u=4", "", "u=5")
	case XHR:
		return ""
	}
	return "u=0, i"
}

// webkitPriority is the same for Safari; only documents and fetch() have been seen.
func webkitPriority(s *Situation) string {
	if s.Kind.document() {
		return "u=0, i"
	}
	return "u=3, i"
}
