// Package solver has clients for the services that solve challenges, each a
// [captcha.Solver]:
//
//	solver.TwoCaptcha(key)        2Captcha (and RuCaptcha), API v2
//	solver.TwoCaptchaLegacy(key)  the same by in.php and res.php
//	solver.AntiCaptcha(key)       Anti-Captcha
//	solver.CapSolver(key)         CapSolver
//	solver.CapMonster(key)        CapMonster Cloud
//	solver.FlareSolverr(url)      a browser on a machine of one's own, free
//	solver.Manual(name, func)     a person, or anything else
//	solver.Chain(a, b, …)         one after the other until one solves it
//
// Keys are [secret.Value]s and travel in request bodies only. A service is asked
// for results no faster than it allows; a wait ends with its context at once; a
// task that was paid for can be fetched later with [Service.Resume]. What a
// service answers is an [*Error] with a [Class] that says what to do about it.
//
// All five services share one engine; a dialect says how each writes a task, an
// answer and a failure. A kind of task that the dialects do not know is added
// with [Config.Tasks], or sent as it is with [Service.Run].
package solver
