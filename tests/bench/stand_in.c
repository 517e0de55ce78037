/*
 * Stands in for AWS IoT Jobs: takes any UpdateJob request over kept-alive HTTP/1.1, looks at
 * nothing in it, and answers at once, or later, or throttled, or with a fault.
 *
 *   stand_in [--delay MS] [--throttle PERCENT] [--fault PERCENT]
 *
 * Prints its port on 127.0.0.1 as the first line, and on SIGTERM what it has answered, as JSON.
 */
#include "base/chance.h"
#include "base/emit.h"
#include "base/list.h"
#include "base/now.h"

#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES  65536
#define BUFFER_MAX  ((size_t)1024 * 1024)
#define EVENTS_MAX  64
#define BACKLOG     512
#define PERCENT_ALL 100

struct options {
    int64_t delay_ms;
    int64_t throttle_percent;
    int64_t fault_percent;
};

enum reply_kind { REPLY_DONE, REPLY_THROTTLED, REPLY_FAULT, REPLY_KINDS };

struct reply_row {
    const char *name;
    const char *status;
    const char *error_type; /* NULL: none */
    const char *body;
};

static const struct reply_row replies[REPLY_KINDS] = {
    [REPLY_DONE] = {"done", "200 OK", NULL, ""},
    [REPLY_THROTTLED] = {"throttled", "400 Bad Request", "ThrottlingException",
                         "{\"message\":\"Rate exceeded\"}"},
    [REPLY_FAULT] = {"fault", "500 Internal Server Error", "InternalFailureException", "{}"},
};

/* One client; it asks again only when it has been answered. */
struct guest {
    struct list_node node; /* in delayed while its answer is due later */
    int fd;
    int64_t due_ms;
    struct buf in;
};

struct stand_in {
    struct options options;
    int epoll;
    int listener;
    int signals;
    struct list delayed; /* all wait as long, so the first is due first */
    uint64_t counts[REPLY_KINDS];
    uint64_t connections;
    struct buf out;
};

static void die(const char *what)
{
    fprintf(stderr, "stand_in: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void watch(const struct stand_in *stand_in, int fd, void *whom)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = whom};
    if (epoll_ctl(stand_in->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll_ctl");
}

static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, n) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &n) != 0)
        die("listen");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static int catch_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void welcome(struct stand_in *stand_in)
{
    int fd;
    while ((fd = accept4(stand_in->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        struct guest *guest = calloc(1, sizeof *guest);
        if (guest == NULL)
            die("memory");
        guest->fd = fd;
        buf_init(&guest->in, BUFFER_MAX);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        watch(stand_in, fd, guest);
        stand_in->connections++;
    }
}

static void part(struct guest *guest)
{
    if (list_has_node(&guest->node))
        list_remove(&guest->node);
    close(guest->fd);
    buf_fini(&guest->in);
    free(guest);
}

/* Bytes of the first request in the buffer, 0 while it is not whole. */
static size_t request_size(struct str in)
{
    const char *end = in.n > 0 ? memmem(in.p, in.n, "\r\n\r\n", 4) : NULL;
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end - in.p) + 4;
    struct str rest = {in.p, head};
    int64_t body = 0;
    while (!str_is_absent(rest)) {
        struct str line = str_cut(&rest, '\n');
        struct str name = str_cut(&line, ':');
        if (name.n == 14 && strncasecmp(name.p, "Content-Length", 14) == 0 &&
            !str_to_int(str_trim((struct str){line.p, line.n - 1}), 0, BUFFER_MAX, &body))
            return 0;
    }
    size_t n = head + (size_t)body;
    return n <= in.n ? n : 0;
}

static enum reply_kind choose(const struct options *options)
{
    if (options->throttle_percent == 0 && options->fault_percent == 0)
        return REPLY_DONE;
    int64_t draw = (int64_t)chance_below(PERCENT_ALL);
    if (draw < options->throttle_percent)
        return REPLY_THROTTLED;
    return draw < options->throttle_percent + options->fault_percent ? REPLY_FAULT : REPLY_DONE;
}

static void write_reply(struct buf *out, const struct reply_row *row, uint64_t number)
{
    buf_format(out, "HTTP/1.1 %s\r\nContent-Type: application/json\r\n", row->status);
    if (row->error_type != NULL)
        buf_format(out, "x-amzn-ErrorType: %s\r\n", row->error_type);
    buf_format(out, "x-amzn-RequestId: %016llx\r\nContent-Length: %zu\r\n\r\n%s",
               (unsigned long long)number, strlen(row->body), row->body);
}

static void answer(struct stand_in *stand_in, const struct guest *guest)
{
    enum reply_kind kind = choose(&stand_in->options);
    struct buf *out = &stand_in->out;
    buf_clear(out);
    write_reply(out, &replies[kind], ++stand_in->counts[kind]);
    if (send(guest->fd, out->p, out->n, MSG_NOSIGNAL) != (ssize_t)out->n && errno != EPIPE &&
        errno != ECONNRESET)
        die("send");
}

static void serve_whole_requests(struct stand_in *stand_in, struct guest *guest)
{
    size_t n;
    while ((n = request_size(buf_str(&guest->in))) > 0) {
        buf_drop_front(&guest->in, n);
        if (stand_in->options.delay_ms == 0) {
            answer(stand_in, guest);
            continue;
        }
        guest->due_ms = now_mono_ms() + stand_in->options.delay_ms;
        list_push_back(&stand_in->delayed, &guest->node);
    }
}

static void hear(struct stand_in *stand_in, struct guest *guest)
{
    char *room = buf_reserve(&guest->in, READ_BYTES);
    ssize_t n = room == NULL ? 0 : recv(guest->fd, room, READ_BYTES, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        part(guest);
        return;
    }
    buf_added(&guest->in, n > 0 ? (size_t)n : 0);
    serve_whole_requests(stand_in, guest);
}

/* Answers those that are due; returns how long until the next is, in ms, or -1. */
static int answer_delayed(struct stand_in *stand_in)
{
    int64_t now = now_mono_ms();
    struct list_node *first;
    while ((first = list_first(&stand_in->delayed)) != NULL) {
        struct guest *guest = list_entry(first, struct guest, node);
        if (guest->due_ms > now)
            return (int)(guest->due_ms - now);
        list_remove(first);
        answer(stand_in, guest);
    }
    return -1;
}

static void print_counts(const struct stand_in *stand_in)
{
    struct buf out;
    buf_init(&out, 1024);
    struct emit emit = emit_to(&out);
    emit_object(&emit, NULL);
    for (int kind = 0; kind < REPLY_KINDS; kind++)
        emit_int(&emit, replies[kind].name, (int64_t)stand_in->counts[kind]);
    emit_int(&emit, "connections", (int64_t)stand_in->connections);
    emit_object_end(&emit);
    puts(buf_text(&out));
    buf_fini(&out);
}

static void serve(struct stand_in *stand_in)
{
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        int n = epoll_wait(stand_in->epoll, events, EVENTS_MAX, answer_delayed(stand_in));
        if (n < 0 && errno != EINTR)
            die("epoll_wait");
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == &stand_in->signals)
                return;
            if (events[i].data.ptr == &stand_in->listener)
                welcome(stand_in);
            else
                hear(stand_in, events[i].data.ptr);
        }
    }
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    int64_t *number = key == 'd'   ? &options->delay_ms
                      : key == 't' ? &options->throttle_percent
                      : key == 'f' ? &options->fault_percent
                                   : NULL;
    if (number == NULL)
        return ARGP_ERR_UNKNOWN;
    if (!str_to_int(str_of(arg), 0, key == 'd' ? INT32_MAX : PERCENT_ALL, number))
        argp_error(state, "'%s' is not in range", arg);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct argp_option known[] = {
        {"delay", 'd', "MS", 0, "before each answer", 0},
        {"throttle", 't', "PERCENT", 0, "of the answers are 400 ThrottlingException", 0},
        {"fault", 'f', "PERCENT", 0, "of the answers are 500 InternalFailureException", 0},
        {0}};
    static const struct argp argp = {.options = known, .parser = parse_option};
    struct stand_in stand_in = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
    argp_parse(&argp, argc, argv, 0, NULL, &stand_in.options);
    list_init(&stand_in.delayed);
    buf_init(&stand_in.out, 1024);
    stand_in.signals = catch_signals();
    stand_in.listener = listen_somewhere();
    watch(&stand_in, stand_in.signals, &stand_in.signals);
    watch(&stand_in, stand_in.listener, &stand_in.listener);
    serve(&stand_in);
    print_counts(&stand_in);
    buf_fini(&stand_in.out);
    return 0;
}
