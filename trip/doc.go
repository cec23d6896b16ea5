// Package trip is the vocabulary that godwit's packages share: what a call, an
// attempt and an exchange are, what an exchange turned out to be ([Verdict]),
// who the target saw ([Identity]) and what observers are told ([Event]).
//
// It is the only package that all others import; they never import each other.
// A wrapper learns what the layers around it know by asking the request's
// context, and it leaves nothing on the request itself:
//
//	call      one RoundTrip of the user's               [Call]
//	attempt   one try that the retry loop makes         [Attempt]
//	exchange  one request on the wire; an attempt has 1,
//	          or 2 when a challenge was solved          [Outcome]
//
// Users meet it in four places: [WithSession] pins calls to one identity,
// [FromContext] and [FromResponse] tell what happened to a call, and an
// [Observer] watches everything.
package trip
