package solver

import (
	"fmt"
	"strings"
)

// Class is what a service's failure means, whatever its code.
type Class uint8

// The classes, with what follows from each.
const (
	// Protocol is an answer that makes no sense, or a fault that no class below
	// covers. The next provider is asked.
	Protocol Class = iota
	// NotReady means that the task is being worked on: poll again.
	NotReady
	// Busy means that the service has no capacity or is down: again later, or
	// the next provider.
	Busy
	// Unsolvable means that this task failed. The next provider may do better.
	Unsolvable
	// Stale means that the challenge's own data has expired: only a fresh page helps.
	Stale
	// Proxy means that the proxy does not work for the service: only another one helps.
	Proxy
	// Balance means that the account is empty. It is not asked again at once.
	Balance
	// Account means that the key or the address is refused. It is not asked again
	// for minutes, since services ban those who insist.
	Account
	// BadTask means that the service does not take such a task.
	BadTask
	// UnknownID means that the service does not know the task any more, which is
	// spent all the same. A new one is created, once.
	UnknownID
	// TimedOut means that the service took longer than it may. The task may
	// still be answered.
	TimedOut
)

var classNames = [...]string{
	"protocol", "not_ready", "busy", "unsolvable", "stale", "proxy",
	"balance", "account", "bad_task", "unknown_id", "timed_out",
}

// String returns the class in snake case.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("Class(%d)", uint8(c))
}

// classes maps the services' codes, without "ERROR_" and with one spelling of
// CAPTCHA, to what they mean. Where services use one code for different things
// the meaning that costs least when it is wrong is taken.
var classes = map[Class]string{
	NotReady: "CAPTCHA_NOT_READY",
	Busy: `NO_SLOT_AVAILABLE SERVICE_UNAVALIABLE SERVICE_UNAVAILABLE MAX_USER_TURN RATE_LIMIT
		TOO_MUCH_REQUESTS TOO_MANY_REQUESTS 1001 1005 REPORT_NOT_RECORDED`,
	Unsolvable: `CAPTCHA_UNSOLVABLE BAD_DUPLICATES RECAPTCHA_TIMEOUT FAILED_LOADING_WIDGET TASK_TIMEOUT
		CAPTCHAIMAGE_BLOCKED UNKNOWN_QUESTION ALL_WORKERS_FILTERED CAPTCHA_SOLVE_FAILED`,
	Stale: "TOKEN_EXPIRED INCORRECT_SESSION_DATA",
	Proxy: `PROXY_CONNECT_REFUSED PROXY_CONNECT_TIMEOUT PROXY_READ_TIMEOUT PROXY_BANNED PROXY_TRANSPARENT
		PROXY_NOT_AUTHORISED PROXY_NOT_AUTHORIZED PROXY_HAS_NO_IMAGE_SUPPORT PROXY_INCOMPATIBLE_HTTP_VERSION
		PROXY_MISSING BAD_PROXY PROXY_CONNECTION_FAILED`,
	Balance: "ZERO_BALANCE SETTLEMENT_FAILED",
	Account: `KEY_DOES_NOT_EXIST WRONG_USER_KEY KEY_DENIED_ACCESS KEY_TEMP_BLOCKED ACCOUNT_SUSPENDED IP_NOT_ALLOWED
		IP_BLOCKED IP_BANNED IP_BLOCKED_5MIN DOMAIN_NOT_ALLOWED IP_ADDRES`,
	BadTask: `TASK_ABSENT TASK_NOT_SUPPORTED NO_SUCH_METHOD INVALID_TASK_DATA BAD_REQUEST BAD_PARAMETERS PAGEURL
		BAD_TOKEN_OR_PAGEURL GOOGLEKEY SITEKEY RECAPTCHA_INVALID_SITEKEY RECAPTCHA_INVALID_DOMAIN RECAPTCHA_OLD_BROWSER
		INVISIBLE_RECAPTCHA VISIBLE_RECAPTCHA IMAGE_TYPE_NOT_SUPPORTED WRONG_FILE_EXTENSION WRONG_USERAGENT UPLOAD EMPTY_COMMENT
		EMPTY_ACTION FUNCAPTCHA_NOT_ALLOWED ZERO_CAPTCHA_FILESIZE TOO_BIG_CAPTCHA_FILESIZE`,
	UnknownID: "NO_SUCH_CAPTCHA_ID WRONG_CAPTCHA_ID WRONG_ID_FORMAT TASKID_INVALID TASK_NOT_FOUND",
}

// numbers maps the error numbers that Anti-Captcha and 2Captcha share. They count
// only where there is no code.
var numbers = map[int]Class{
	1: Account, 2: Busy, 3: BadTask, 4: BadTask, 10: Balance, 11: Account, 12: Unsolvable, 13: Unsolvable,
	14: BadTask, 15: BadTask, 16: UnknownID, 21: Account, 22: BadTask, 23: BadTask, 31: BadTask, 55: Account,
}

// classify returns the class of a service's error code, or of its number where
// there is no code.
func classify(code string, number int) Class {
	plain := normal(code)
	for class, codes := range classes {
		for known := range strings.FieldsSeq(codes) {
			if plain == known {
				return class
			}
		}
	}
	switch {
	case strings.HasPrefix(plain, "PROXY_"):
		return Proxy
	case strings.HasSuffix(plain, "_FILESIZE"):
		return BadTask
	case plain == "":
		return numbers[number]
	}
	return Protocol
}

// normal takes from a code what services write differently.
func normal(code string) string {
	code = strings.ToUpper(strings.TrimSpace(code))
	for _, prefix := range [...]string{"ERROR_", "ERROR:", "ERROR "} {
		code = strings.TrimSpace(strings.TrimPrefix(code, prefix))
	}
	return strings.ReplaceAll(code, "CAPCHA", "CAPTCHA")
}
