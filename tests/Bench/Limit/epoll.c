/* The limit: as little as a server can do and still answer over HTTP/1.1. One epoll loop per process, level-triggered, no
 * timers, no logging, no header but the request line and Content-Length looked at. Compiled and started by scripts/bench.
 *
 * usage: epoll tcp:PORT|unix:PATH WORKERS
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_SIZE 65536
#define LARGEST (5 * 1024 * 1024)

/* What a connection keeps between two events; the usual one keeps nothing but this. */
struct connection {
    int fd;
    int closing;            /* the client asked for it */
    size_t body_left;       /* of a request whose head was answered */
    char *out;              /* what the kernel did not take */
    size_t out_length, out_sent;
    size_t kept;            /* beginning of a head */
    char *head;
};

static char large[LARGEST];
static char answers[READ_SIZE * 8];

static void die(const char *what) { perror(what); exit(1); }

static int is_unix;

static int listen_on(const char *address)
{
    union { struct sockaddr any; struct sockaddr_in in; struct sockaddr_un un; } a = { 0 };
    socklen_t length;
    int fd, one = 1;
    if (strncmp(address, "unix:", 5) == 0) {
        is_unix = 1;
        a.un.sun_family = AF_UNIX;
        snprintf(a.un.sun_path, sizeof a.un.sun_path, "%s", address + 5);
        length = sizeof a.un;
    } else {
        a.in.sin_family = AF_INET;
        a.in.sin_port = htons((unsigned short)atoi(address + 4));
        a.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        length = sizeof a.in;
    }
    fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, &a.any, length) != 0) die("bind");
    if (listen(fd, 65535) != 0) die("listen");
    return fd;
}

static void watch(int epoll, int operation, int fd, unsigned events, void *data)
{
    struct epoll_event event = { .events = events, .data.ptr = data };
    if (epoll_ctl(epoll, operation, fd, &event) != 0) die("epoll_ctl");
}

static void drop(struct connection *c)
{
    close(c->fd);
    free(c->out);
    free(c->head);
    free(c);
}

/* Keeps what the kernel does not take. -1: the connection is broken. */
static int put(int epoll, struct connection *c, const char *data, size_t length)
{
    size_t sent = 0;
    if (c->out == NULL) {
        while (sent < length) {
            ssize_t n = send(c->fd, data + sent, length - sent, MSG_NOSIGNAL);
            if (n >= 0) { sent += (size_t)n; continue; }
            if (errno != EAGAIN) return -1;
            break;
        }
        if (sent == length) return 0;
        watch(epoll, EPOLL_CTL_MOD, c->fd, EPOLLOUT, c);
    }
    c->out = realloc(c->out, c->out_length + length - sent);
    if (c->out == NULL) die("realloc");
    memcpy(c->out + c->out_length, data + sent, length - sent);
    c->out_length += length - sent;
    return 0;
}

static size_t compose(char *to, const char *type, const char *body, size_t length, int closing)
{
    size_t n = (size_t)sprintf(to, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nContent-Type: %s\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\nServer: limit\r\n%s\r\n",
        length, type, closing ? "Connection: close\r\n" : "");
    if (body != NULL) { memcpy(to + n, body, length); n += length; }
    return n;
}

static const char *field(const char *head, const char *name)
{
    const char *found = strcasestr(head, name);
    return found == NULL ? NULL : found + strlen(name);
}

/* Answers every request in data; gives how much was used. -1: the connection is to be closed. */
static ssize_t serve(int epoll, struct connection *c, char *data, size_t length)
{
    static const char json[] = "{\"message\":\"Hello, World!\",\"number\":42,\"words\":[\"one\",\"two\",\"three\"]}";
    size_t used = 0, filled = 0;
    while (used < length && !c->closing) {
        char *head = data + used, *end;
        if (c->body_left > 0) {
            size_t n = c->body_left < length - used ? c->body_left : length - used;
            c->body_left -= n;
            used += n;
            if (c->body_left == 0) filled += compose(answers + filled, "text/plain", "ok\n", 3, 0);
            continue;
        }
        end = memmem(head, length - used, "\r\n\r\n", 4);
        if (end == NULL) break;
        *end = 0;
        used = (size_t)(end + 4 - data);
        if (strstr(head, "\r\nConnection: close") != NULL) c->closing = 1;
        if (strncmp(head, "GET / ", 6) == 0) {
            filled += compose(answers + filled, "text/plain; charset=utf-8", "Hello, World!\n", 14, c->closing);
        } else if (strncmp(head, "GET /json ", 10) == 0) {
            filled += compose(answers + filled, "application/json; charset=utf-8", json, sizeof json - 1, c->closing);
        } else if (strncmp(head, "GET /bytes/", 11) == 0) {
            size_t count = strtoul(head + 11, NULL, 10);
            if (count > LARGEST) return -1;
            filled += compose(answers + filled, "application/octet-stream", NULL, count, c->closing);
            if (put(epoll, c, answers, filled) != 0 || put(epoll, c, large, count) != 0) return -1;
            filled = 0;
        } else if (strncmp(head, "POST /upload ", 13) == 0) {
            const char *count = field(head, "\r\ncontent-length:");
            c->body_left = count == NULL ? 0 : strtoul(count, NULL, 10);
        } else {
            return -1;
        }
        if (filled > sizeof answers - 1024) {
            if (put(epoll, c, answers, filled) != 0) return -1;
            filled = 0;
        }
    }
    if (filled > 0 && put(epoll, c, answers, filled) != 0) return -1;
    return c->closing && c->out == NULL ? -1 : (ssize_t)used;
}

static int on_readable(int epoll, struct connection *c)
{
    static char buffer[READ_SIZE * 2 + 1];
    ssize_t n, used;
    if (c->kept > 0) memcpy(buffer, c->head, c->kept);
    n = recv(c->fd, buffer + c->kept, READ_SIZE, 0);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n <= 0) return -1;
    n += (ssize_t)c->kept;
    used = serve(epoll, c, buffer, (size_t)n);
    if (used < 0) return -1;
    if (n - used > READ_SIZE) return -1;
    c->kept = (size_t)(n - used);
    if (c->kept > 0) {
        c->head = realloc(c->head, c->kept);
        memcpy(c->head, buffer + used, c->kept);
    }
    return 0;
}

static int on_writable(int epoll, struct connection *c)
{
    ssize_t n = send(c->fd, c->out + c->out_sent, c->out_length - c->out_sent, MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN ? 0 : -1;
    c->out_sent += (size_t)n;
    if (c->out_sent < c->out_length) return 0;
    free(c->out);
    c->out = NULL;
    c->out_length = c->out_sent = 0;
    if (c->closing) return -1;
    watch(epoll, EPOLL_CTL_MOD, c->fd, EPOLLIN, c);
    return 0;
}

static void run(int listener)
{
    struct epoll_event events[256];
    int epoll = epoll_create1(EPOLL_CLOEXEC), one = 1;
    watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLEXCLUSIVE, NULL);
    for (;;) {
        int count = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            struct connection *c = events[i].data.ptr;
            if (c != NULL) {
                if ((events[i].events & EPOLLOUT ? on_writable(epoll, c) : on_readable(epoll, c)) != 0) drop(c);
                continue;
            }
            int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) continue;
            if (!is_unix) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            c = calloc(1, sizeof *c);
            if (c == NULL) die("calloc");
            c->fd = fd;
            watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, c);
        }
    }
}

int main(int argc, char **argv)
{
    struct rlimit files;
    int listener;
    if (argc != 3) { fprintf(stderr, "usage: epoll tcp:PORT|unix:PATH WORKERS\n"); return 2; }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    memset(large, 'x', sizeof large);
    listener = listen_on(argv[1]);
    for (int i = 1; i < atoi(argv[2]); i++) if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run(listener);
    }
    run(listener);
}
