#include "tests/fakes/broker.h"

#include "tests/fakes/broker_process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES  (1024 * 1024)
#define PUBACKS_MAX 65536
#define BODY_MAX    256

struct last_body {
    size_t n;
    unsigned char bytes[BODY_MAX];
};

struct broker {
    int port;
    int listen_fd;
    int wake_fd;
    pthread_t thread;
    pthread_mutex_t lock; /* of all below */
    bool is_ending;
    bool is_stopped;
    bool wants_reset;
    struct broker_script script;
    int fd; /* the connection; -1: none */
    size_t in_n;
    unsigned char in[READ_BYTES];
    int publishes;  /* on this connection */
    int subscribes; /* on this connection */
    bool has_clean_end;
    size_t counts[BROKER_PACKET_COUNT];
    size_t filters[BROKER_PACKET_COUNT];
    struct last_body last[BROKER_PACKET_COUNT];
    size_t puback_count;
    uint16_t pubacks[PUBACKS_MAX];
};

static void check(bool is_fine, const char *what)
{
    if (is_fine)
        return;
    perror(what);
    abort();
}

static void hang_up(struct broker *broker, bool is_reset)
{
    if (broker->fd < 0)
        return;
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    if (is_reset)
        check(setsockopt(broker->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0, "linger");
    close(broker->fd);
    broker->fd = -1;
    broker->in_n = 0;
    broker->publishes = 0;
    broker->subscribes = 0;
}

/* A client that has gone away is found out by reading. */
static void put(struct broker *broker, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n > 0 && broker->fd >= 0) {
        ssize_t sent = send(broker->fd, at, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        at += sent;
        n -= (size_t)sent;
    }
}

static size_t add_publish(unsigned char *out, int version, const char *topic, const char *payload,
                          int qos, uint16_t packet_id)
{
    size_t topic_n = strlen(topic);
    size_t payload_n = strlen(payload);
    size_t n = 2 + topic_n + (qos > 0 ? 2 : 0) + (version == 5 ? 1 : 0) + payload_n;
    check(n < 16384, "a test message is too long");
    size_t at = 0;
    out[at++] = (unsigned char)(0x30 | qos << 1);
    if (n > 127)
        out[at++] = (unsigned char)(n % 128 | 128);
    out[at++] = (unsigned char)(n > 127 ? n / 128 : n);
    out[at++] = (unsigned char)(topic_n >> 8);
    out[at++] = (unsigned char)topic_n;
    memcpy(out + at, topic, topic_n);
    at += topic_n;
    if (qos > 0) {
        out[at++] = (unsigned char)(packet_id >> 8);
        out[at++] = (unsigned char)packet_id;
    }
    if (version == 5)
        out[at++] = 0;
    memcpy(out + at, payload, payload_n);
    return at + payload_n;
}

static void answer_connect(struct broker *broker)
{
    const struct broker_script *script = &broker->script;
    if (script->connack_code == BROKER_NEVER)
        return;
    unsigned char properties[16];
    unsigned char n = 0;
    if (script->receive_maximum > 0) {
        properties[n++] = 0x21;
        properties[n++] = (unsigned char)(script->receive_maximum >> 8);
        properties[n++] = (unsigned char)script->receive_maximum;
    }
    if (script->server_keep_alive > 0) {
        properties[n++] = 0x13;
        properties[n++] = (unsigned char)(script->server_keep_alive >> 8);
        properties[n++] = (unsigned char)script->server_keep_alive;
    }
    bool is_v5 = script->version == 5;
    unsigned char *out = malloc(64 + (size_t)script->queued * 64);
    check(out != NULL, "malloc");
    size_t at = 0;
    out[at++] = 0x20;
    out[at++] = (unsigned char)(2 + (is_v5 ? 1 + n : 0));
    out[at++] = script->session_present ? 1 : 0;
    out[at++] = (unsigned char)script->connack_code;
    if (is_v5) {
        out[at++] = n;
        memcpy(out + at, properties, n);
        at += n;
    }
    for (int i = 1; i <= script->queued; i++) {
        char payload[24];
        snprintf(payload, sizeof payload, "queued %d", i);
        at += add_publish(out + at, script->version, "rig/queued", payload, 1, (uint16_t)i);
    }
    put(broker, out, at);
    free(out);
}

static unsigned char suback_of(const struct broker_script *script, const unsigned char *filter,
                               size_t n)
{
    const char *unwanted = script->unwanted;
    bool is_other = unwanted != NULL && (strlen(unwanted) != n || memcmp(unwanted, filter, n) != 0);
    int code = is_other ? 0 : script->suback_code;
    return (unsigned char)(code == 0 ? 1 : code == BROKER_NEVER ? 0 : code);
}

/* SUBACK or UNSUBACK, which in MQTT 3.1.1 has no codes. */
static void answer_filters(struct broker *broker, enum broker_packet type,
                           const unsigned char *body, size_t n)
{
    bool is_v5 = broker->script.version == 5;
    bool has_options = type == BROKER_SUBSCRIBE;
    unsigned char out[BODY_MAX] = {has_options ? 0x90 : 0xb0, 0, body[0], body[1]};
    size_t at = is_v5 ? 5 : 4;
    int count = 0;
    for (size_t i = is_v5 ? 3 : 2; i + 2 < n; count++) {
        size_t filter_n = (size_t)(body[i] << 8 | body[i + 1]);
        if (has_options)
            out[at++] = suback_of(&broker->script, body + i + 2, filter_n);
        else if (is_v5)
            out[at++] = 0;
        i += 2 + filter_n + (has_options ? 1 : 0);
    }
    broker->filters[type] += (size_t)count;
    out[1] = (unsigned char)(at - 2);
    if (broker->script.filters_max > 0 && count > broker->script.filters_max)
        hang_up(broker, false);
    else
        put(broker, out, at);
}

static void answer_subscribe(struct broker *broker, const unsigned char *body, size_t n)
{
    const struct broker_script *script = &broker->script;
    if (script->subacks > 0 && ++broker->subscribes > script->subacks) {
        hang_up(broker, false);
        return;
    }
    usleep((useconds_t)script->suback_ms * 1000);
    if (!script->no_suback)
        answer_filters(broker, BROKER_SUBSCRIBE, body, n);
}

static void answer_publish(struct broker *broker, unsigned char first, const unsigned char *body)
{
    int code = broker->script.puback_code;
    size_t topic_n = (size_t)(body[0] << 8 | body[1]);
    if ((first & 0x06) == 0 || code == BROKER_NEVER)
        return;
    const unsigned char *id = body + 2 + topic_n;
    unsigned char out[] = {0x40, code == 0 ? 2 : 3, id[0], id[1], (unsigned char)code};
    put(broker, out, code == 0 ? 4 : 5);
}

static void handle(struct broker *broker, unsigned char first, const unsigned char *body, size_t n)
{
    enum broker_packet type = first >> 4;
    broker->counts[type]++;
    broker->last[type].n = n < BODY_MAX ? n : BODY_MAX;
    memcpy(broker->last[type].bytes, body, broker->last[type].n);
    if (type == BROKER_CONNECT)
        answer_connect(broker);
    else if (type == BROKER_SUBSCRIBE)
        answer_subscribe(broker, body, n);
    else if (type == BROKER_UNSUBSCRIBE)
        answer_filters(broker, type, body, n);
    else if (type == BROKER_PUBLISH)
        answer_publish(broker, first, body);
    else if (type == BROKER_PINGREQ && !broker->script.no_pingresp)
        put(broker, (const unsigned char[]){0xd0, 0}, 2);
    else if (type == BROKER_PUBACK && broker->puback_count < PUBACKS_MAX)
        broker->pubacks[broker->puback_count++] = (uint16_t)(body[0] << 8 | body[1]);
    broker->has_clean_end = type == BROKER_DISCONNECT;
}

/* Header and body lengths of the packet at the front; false while it is not complete. */
static bool measure(const unsigned char *in, size_t n, size_t *ret_head, size_t *ret_body)
{
    size_t body = 0;
    for (size_t i = 1; i < n && i <= 4; i++) {
        body |= (size_t)(in[i] & 0x7f) << (7 * (i - 1));
        if ((in[i] & 0x80) != 0)
            continue;
        *ret_head = i + 1;
        *ret_body = body;
        return true;
    }
    return false;
}

static void handle_all(struct broker *broker)
{
    size_t at = 0;
    size_t head;
    size_t body;
    while (broker->fd >= 0 && measure(broker->in + at, broker->in_n - at, &head, &body)) {
        unsigned char *packet = broker->in + at;
        bool is_publish = packet[0] >> 4 == BROKER_PUBLISH;
        int reset_after = broker->script.reset_after;
        if (is_publish && reset_after > 0 && broker->publishes + 1 == reset_after) {
            hang_up(broker, true);
            return;
        }
        if (broker->in_n - at < head + body)
            break;
        broker->publishes += is_publish ? 1 : 0;
        handle(broker, packet[0], packet + head, body);
        at += head + body;
    }
    if (broker->fd < 0)
        return;
    memmove(broker->in, broker->in + at, broker->in_n - at);
    broker->in_n -= at;
}

static void take_bytes(struct broker *broker)
{
    ssize_t n = recv(broker->fd, broker->in + broker->in_n, READ_BYTES - broker->in_n, 0);
    if (n <= 0) {
        hang_up(broker, false);
        return;
    }
    broker->in_n += (size_t)n;
    handle_all(broker);
}

static void take_client(struct broker *broker)
{
    hang_up(broker, false);
    broker->fd = accept4(broker->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    check(broker->fd >= 0, "accept");
    int on = 1;
    setsockopt(broker->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void *serve(void *context)
{
    struct broker *broker = context;
    pthread_mutex_lock(&broker->lock);
    while (!broker->is_ending) {
        struct pollfd fds[] = {
            {.fd = broker->wake_fd, .events = POLLIN},
            {.fd = broker->listen_fd, .events = POLLIN},
            {.fd = broker->is_stopped ? -1 : broker->fd, .events = POLLIN},
        };
        pthread_mutex_unlock(&broker->lock);
        poll(fds, 3, -1);
        pthread_mutex_lock(&broker->lock);
        eventfd_t value;
        if (fds[0].revents != 0)
            eventfd_read(broker->wake_fd, &value);
        if (broker->wants_reset)
            hang_up(broker, true);
        broker->wants_reset = false;
        if (fds[1].revents != 0)
            take_client(broker);
        else if (fds[2].revents != 0 && fds[2].fd == broker->fd && !broker->is_stopped)
            take_bytes(broker);
    }
    hang_up(broker, false);
    pthread_mutex_unlock(&broker->lock);
    return NULL;
}

struct broker *broker_new(const struct broker_script *script)
{
    struct broker *broker = calloc(1, sizeof *broker);
    check(broker != NULL, "calloc");
    broker->script = *script;
    broker->fd = -1;
    broker->port = broker_process_free_port();
    broker->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    broker->wake_fd = eventfd(0, EFD_CLOEXEC);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((unsigned short)broker->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int on = 1;
    check(setsockopt(broker->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
              bind(broker->listen_fd, (struct sockaddr *)&address, sizeof address) == 0 &&
              listen(broker->listen_fd, 8) == 0,
          "listen");
    pthread_mutex_init(&broker->lock, NULL);
    check(pthread_create(&broker->thread, NULL, serve, broker) == 0, "thread");
    return broker;
}

static void wake(struct broker *broker)
{
    check(eventfd_write(broker->wake_fd, 1) == 0, "wake");
    pthread_mutex_unlock(&broker->lock);
}

void broker_free(struct broker *broker)
{
    pthread_mutex_lock(&broker->lock);
    broker->is_ending = true;
    wake(broker);
    pthread_join(broker->thread, NULL);
    pthread_mutex_destroy(&broker->lock);
    close(broker->listen_fd);
    close(broker->wake_fd);
    free(broker);
}

int broker_port(const struct broker *broker)
{
    return broker->port;
}

void broker_rewrite(struct broker *broker, const struct broker_script *script)
{
    pthread_mutex_lock(&broker->lock);
    broker->script = *script;
    wake(broker);
}

void broker_stop_reading(struct broker *broker, bool is_stopped)
{
    pthread_mutex_lock(&broker->lock);
    broker->is_stopped = is_stopped;
    wake(broker);
}

void broker_reset(struct broker *broker)
{
    pthread_mutex_lock(&broker->lock);
    broker->wants_reset = true;
    wake(broker);
}

void broker_send(struct broker *broker, const void *bytes, size_t n)
{
    pthread_mutex_lock(&broker->lock);
    put(broker, bytes, n);
    pthread_mutex_unlock(&broker->lock);
}

void broker_publish(struct broker *broker, const char *topic, const char *payload, int qos,
                    uint16_t packet_id)
{
    unsigned char out[16400];
    pthread_mutex_lock(&broker->lock);
    size_t n = add_publish(out, broker->script.version, topic, payload, qos, packet_id);
    put(broker, out, n);
    pthread_mutex_unlock(&broker->lock);
}

size_t broker_count(struct broker *broker, enum broker_packet type)
{
    pthread_mutex_lock(&broker->lock);
    size_t count = broker->counts[type];
    pthread_mutex_unlock(&broker->lock);
    return count;
}

size_t broker_filters(struct broker *broker, enum broker_packet type)
{
    pthread_mutex_lock(&broker->lock);
    size_t count = broker->filters[type];
    pthread_mutex_unlock(&broker->lock);
    return count;
}

size_t broker_pubacks(struct broker *broker, uint16_t *ret_ids, size_t max)
{
    pthread_mutex_lock(&broker->lock);
    size_t n = broker->puback_count < max ? broker->puback_count : max;
    memcpy(ret_ids, broker->pubacks, n * sizeof *ret_ids);
    pthread_mutex_unlock(&broker->lock);
    return n;
}

size_t broker_last(struct broker *broker, enum broker_packet type, void *ret_body, size_t max)
{
    pthread_mutex_lock(&broker->lock);
    size_t n = broker->last[type].n < max ? broker->last[type].n : max;
    memcpy(ret_body, broker->last[type].bytes, n);
    pthread_mutex_unlock(&broker->lock);
    return n;
}

bool broker_has_clean_end(struct broker *broker)
{
    pthread_mutex_lock(&broker->lock);
    bool has_clean_end = broker->has_clean_end;
    pthread_mutex_unlock(&broker->lock);
    return has_clean_end;
}
