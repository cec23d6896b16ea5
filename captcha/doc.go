// Package captcha tells challenge pages from ordinary ones and gets past them.
//
// A [Detector] looks at a response and gives a [Challenge] with one of four
// verdicts:
//
//	none       an ordinary response
//	widget     an ordinary page with a CAPTCHA of its own, say in its login form
//	challenge  a page that stands in the way of the content
//	blocked    a refusal that no answer lifts: leave by another egress, never pay
//
// It judges by structure, not by words. A marker counts only in its syntactic
// place: an assignment in a script, the id or class of an element, the action of a
// form, the source of a frame. The same marker in the text, in a comment or in a
// code sample is talk about challenges, and most pages with the word "captcha" in
// them are ordinary pages. A vendor's sensor script or cookie is no challenge
// either: vendors inject them into good pages.
//
// The body is peeked at within a bound and handed back unread. Anything that is
// not HTML or the JSON of a few vendors passes untouched. An ordinary page costs
// one search through its first 64 KiB, about 50 µs.
//
// [Detect] is the same as a pure function, for pages that are already in memory.
// A [Rule] adds what the built-in rules do not know.
//
// A [Transport] does something about challenges: it asks a [Solver], pays it from a
// [Budget], hands in the answer by the same way out and sends the request again.
// Nothing is bought that cannot be used, and nothing at all unless the [Config]
// names both a solver and a budget. The services are in package solver.
package captcha
