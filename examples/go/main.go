// Debian: apt-get install golang-go; then: go run .
package main

import (
	"encoding/json"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

type user struct{ ID, Email string }

var service = setting("AUTHSVC_INTERNAL_URL", "http://127.0.0.1:4100")
var cookieName = "session_id"
var client = http.Client{
	Timeout:       2 * time.Second,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 100, IdleConnTimeout: 4 * time.Second},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// whoami asks the service on every request: a cached answer would outlive a logout.
func whoami(r *http.Request) (user, int) {
	ask, err := http.NewRequest("GET", service+"/whoami", nil)
	if err != nil {
		return user{}, 503
	}
	peer, _, _ := net.SplitHostPort(r.RemoteAddr)
	ask.Header["X-Forwarded-For"] = append(r.Header["X-Forwarded-For"], peer)
	ask.Header["Origin"], ask.Header["Sec-Fetch-Site"] = r.Header["Origin"], r.Header["Sec-Fetch-Site"]
	for _, cookie := range r.Cookies() {
		if cookie.Name == cookieName {
			ask.AddCookie(cookie)
		}
	}
	answer, err := client.Do(ask)
	if err != nil {
		log.Printf("cannot ask who this is: %v", err)
		return user{}, 503
	}
	defer answer.Body.Close()
	var body struct{ User user }
	err = json.NewDecoder(answer.Body).Decode(&body)
	if answer.StatusCode == 401 {
		return user{}, 401
	}
	if answer.StatusCode != 200 || err != nil || body.User.ID == "" {
		log.Printf("whoami answered %s", answer.Status)
		return user{}, 503
	}
	return body.User, 200
}

// Key rows on the id: an email can change, and later belong to another user.
var firstVisits sync.Map

func me(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	u, status := whoami(r)
	body := map[string]any{"id": u.ID, "email": u.Email}
	switch status {
	case 200:
		body["since"], _ = firstVisits.LoadOrStore(u.ID, time.Now())
	case 401:
		body = map[string]any{"message": "log in first", "login": "/"}
	default:
		w.Header().Set("Retry-After", "5")
		body = map[string]any{"message": "try again soon"}
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func main() {
	if strings.HasPrefix(os.Getenv("AUTHSVC_PUBLIC_URL"), "https:") {
		cookieName = "__Host-session_id"
	}
	http.HandleFunc("/app-go/me", me)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+setting("PORT", "3003"), nil))
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
