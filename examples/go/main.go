// Go 1.19 or newer, and its standard library alone. Start it with: go run .
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

type user struct{ ID, Email string }

type answer struct {
	status  int
	cookies []string
	Message string
	User    user
}

var service = setting("AUTHSVC_INTERNAL_URL", "http://127.0.0.1:4100")
var cookieName = "session_id"

// By it, an account knows a browser that has logged in before.
var deviceName = "authsvc_device"
var client = http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 100, IdleConnTimeout: 4 * time.Second},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// In your application, a table. Key it on the id: an email can change, and then be another user's.
var notes sync.Map

// ask sends the service its own cookies and no other, and where the request comes from.
func ask(r *http.Request, method, path string, form map[string]string) (a answer, err error) {
	timeout, body := 2*time.Second, []byte(nil)
	if form != nil {
		// To check a password takes longer than to check a session.
		timeout = 10 * time.Second
		body, _ = json.Marshal(form)
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, service+path, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	for _, name := range []string{"Origin", "Sec-Fetch-Site", "User-Agent"} {
		request.Header[name] = r.Header[name]
	}
	peer, _, _ := net.SplitHostPort(r.RemoteAddr)
	request.Header["X-Forwarded-For"] = append(r.Header["X-Forwarded-For"], peer)
	for _, cookie := range r.Cookies() {
		if cookie.Name == cookieName || cookie.Name == deviceName {
			request.AddCookie(cookie)
		}
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := client.Do(request)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	if class := response.StatusCode / 100; class != 2 && class != 4 {
		return a, fmt.Errorf("%s answered %s", path, response.Status)
	}
	a.status, a.cookies = response.StatusCode, response.Header["Set-Cookie"]
	return a, json.NewDecoder(response.Body).Decode(&a)
}

// requireUser asks on every request, since a cached answer would outlive a logout. Where it returns
// false, it has answered the request.
func requireUser(w http.ResponseWriter, r *http.Request) (user, bool) {
	a, err := ask(r, "GET", "/whoami", nil)
	if err == nil && a.status == 401 {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return user{}, false
	}
	if err == nil && (a.status != 200 || a.User.ID == "") {
		err = fmt.Errorf("/whoami answered %d", a.status)
	}
	if err != nil {
		showServiceAway(w, err)
		return user{}, false
	}
	return a.User, true
}

// refuseOtherPages refuses forms of other sites: they could post a note, or log the visitor in to
// the attacker's account.
func refuseOtherPages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
		_, host, _ := strings.Cut(origin, "://")
		// Old browsers send Origin alone. What sends neither is not a browser.
		isOwn := site == "same-origin" || site == "none" || site == "" && (origin == "" || host == r.Host)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
		if r.Method == "POST" && !isOwn {
			http.Error(w, "this form is not from a page of this site", http.StatusForbidden)
		} else if r.ParseForm() != nil {
			http.Error(w, "the form is malformed, or larger than 16 KiB", http.StatusBadRequest)
		} else {
			next.ServeHTTP(w, r)
		}
	})
}

func home(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	show(w, 200, "home", page{Title: "A small application"})
}

func register(w http.ResponseWriter, r *http.Request) {
	form := page{Title: "Sign up", Action: "/register", Email: r.PostForm.Get("email")}
	if r.Method != "POST" {
		show(w, 200, "credentials", form)
	} else if a, err := ask(r, "POST", "/users", credentials(r)); err != nil {
		showServiceAway(w, err)
	} else if a.status != 200 {
		form.Message = a.Message
		show(w, a.status, "credentials", form)
	} else {
		logIn(w, r)
	}
}

func logIn(w http.ResponseWriter, r *http.Request) {
	form := page{Title: "Log in", Action: "/login", Email: r.PostForm.Get("email")}
	if r.Method != "POST" {
		show(w, 200, "credentials", form)
	} else if a, err := ask(r, "POST", "/sessions", credentials(r)); err != nil {
		showServiceAway(w, err)
	} else if a.status != 200 {
		form.Message = a.Message
		show(w, a.status, "credentials", form)
	} else {
		w.Header()["Set-Cookie"] = a.cookies
		http.Redirect(w, r, "/note", http.StatusSeeOther)
	}
}

func logOut(w http.ResponseWriter, r *http.Request) {
	if r.Method != "POST" {
		http.Error(w, "only a form logs out", http.StatusMethodNotAllowed)
	} else if a, err := ask(r, "DELETE", "/sessions", nil); err != nil {
		showServiceAway(w, err)
	} else {
		w.Header()["Set-Cookie"] = a.cookies
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

func note(w http.ResponseWriter, r *http.Request) {
	u, ok := requireUser(w, r)
	if !ok {
		return
	}
	if r.Method == "POST" {
		notes.Store(u.ID, r.PostForm.Get("note"))
		http.Redirect(w, r, "/note", http.StatusSeeOther)
		return
	}
	kept, _ := notes.Load(u.ID)
	text, _ := kept.(string)
	show(w, 200, "note", page{Title: "Hello, " + u.Email, Note: text})
}

func credentials(r *http.Request) map[string]string {
	return map[string]string{"email": r.PostForm.Get("email"), "password": r.PostForm.Get("password")}
}

type page struct{ Title, Message, Action, Email, Note string }

// html/template escapes each value for the place where it stands.
var pages = template.Must(template.New("").Parse(`
{{define "top"}}<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>
<h1>{{.Title}}</h1>
{{with .Message}}<p role="alert">{{.}}</p>{{end}}
{{end}}

{{define "home"}}{{template "top" .}}
<p>This page is public. <a href="/note">Your note</a> is for you alone.</p>
{{end}}

{{define "credentials"}}{{template "top" .}}
<form method="post" action="{{.Action}}">
  <p><label>Email <input name="email" type="email" autocomplete="username" value="{{.Email}}" required></label></p>
  <p><label>Password <input name="password" type="password" required></label></p>
  <button>{{.Title}}</button>
</form>
<p><a href="/login">Log in</a> or <a href="/register">sign up</a></p>
{{end}}

{{define "note"}}{{template "top" .}}
<form method="post">
  <p><label>Your note<br><textarea name="note">
{{.Note}}</textarea></label></p>
  <button>Save</button>
</form>
<form method="post" action="/logout"><button>Log out</button></form>
{{end}}
`))

func show(w http.ResponseWriter, status int, name string, p page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, name, p); err != nil {
		log.Print(err)
	}
}

func showServiceAway(w http.ResponseWriter, err error) {
	log.Printf("no answer from the account service: %v", err)
	w.Header().Set("Retry-After", "5")
	show(w, 503, "top", page{Title: "Try again soon", Message: "The account service does not answer."})
}

func main() {
	if strings.HasPrefix(os.Getenv("AUTHSVC_PUBLIC_URL"), "https:") {
		cookieName, deviceName = "__Host-session_id", "__Host-authsvc_device"
	}
	http.HandleFunc("/", home)
	http.HandleFunc("/register", register)
	http.HandleFunc("/login", logIn)
	http.HandleFunc("/logout", logOut)
	http.HandleFunc("/note", note)
	server := http.Server{
		Addr:        "127.0.0.1:" + setting("PORT", "3000"),
		Handler:     http.MaxBytesHandler(refuseOtherPages(http.DefaultServeMux), 16<<10),
		ReadTimeout: 10 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
