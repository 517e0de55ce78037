#include "tests/fakes/broker_process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_TRIES 250
#define OUTPUT_MAX  65536

static void die(const char *what)
{
    fprintf(stderr, "broker_process: %s: %s\n", what, strerror(errno));
    abort();
}

static int loopback(int port, struct sockaddr_in *ret)
{
    *ret = (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((unsigned short)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    return fd;
}

int broker_process_free_port(void)
{
    struct sockaddr_in address;
    int fd = loopback(0, &address);
    socklen_t n = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &n) != 0)
        die("bind");
    close(fd);
    return ntohs(address.sin_port);
}

static char *read_all(int fd)
{
    char *text = calloc(1, OUTPUT_MAX);
    if (text == NULL)
        die("calloc");
    size_t n = 0;
    ssize_t got;
    while (n < OUTPUT_MAX - 1 && (got = read(fd, text + n, OUTPUT_MAX - 1 - n)) > 0)
        n += (size_t)got;
    return text;
}

/* The child's standard output is out; its standard error is dropped. */
static pid_t spawn(const char *const *argv, int out)
{
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid > 0)
        return pid;
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 2) < 0 || dup2(out < 0 ? null : out, 1) < 0)
        _exit(126);
    execv(argv[0], (char *const *)(void *)argv);
    _exit(127);
}

int broker_process_run(const char *const *argv, char **ret_output)
{
    int pipe_fds[2] = {-1, -1};
    if (ret_output != NULL && pipe2(pipe_fds, O_CLOEXEC) != 0)
        die("pipe");
    pid_t pid = spawn(argv, pipe_fds[1]);
    if (ret_output != NULL) {
        close(pipe_fds[1]);
        *ret_output = read_all(pipe_fds[0]);
        close(pipe_fds[0]);
    }
    int status;
    if (waitpid(pid, &status, 0) != pid)
        die("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void run_openssl(const struct broker_process *broker, const char *script)
{
    char command[1024];
    snprintf(command, sizeof command, "cd %s && exec 2>/dev/null; %s", broker->dir, script);
    if (broker_process_run((const char *const[]){"/bin/sh", "-c", command, NULL}, NULL) != 0)
        die(script);
}

static void make_certificates(const struct broker_process *broker)
{
    run_openssl(broker, "for ca in ca other-ca; do openssl req -x509 -newkey rsa:2048 -nodes "
                        "-keyout $ca.key -out $ca.pem -days 2 -subj /CN=$ca || exit 1; done");
    run_openssl(broker, "openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr "
                        "-subj /CN=localhost");
    run_openssl(broker, "printf 'subjectAltName=DNS:localhost\\n' >san && openssl x509 -req "
                        "-in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
                        "-extfile san -out server.pem");
}

static void write_config(const struct broker_process *broker, const char *extra, bool has_tls)
{
    char path[96];
    snprintf(path, sizeof path, "%s/mosquitto.conf", broker->dir);
    FILE *file = fopen(path, "we");
    if (file == NULL)
        die(path);
    fprintf(file,
            "listener %d 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
            "persistence false\nuser root\nmax_inflight_messages 200\nmax_queued_messages 10000\n",
            broker->port);
    if (has_tls)
        fprintf(file, "certfile %s/server.pem\nkeyfile %s/server.key\n", broker->dir, broker->dir);
    for (const char *p = extra != NULL ? extra : ""; *p != '\0'; p++) {
        if (p[0] == '%' && p[1] == 's') {
            fputs(broker->dir, file);
            p++;
        } else {
            fputc(*p, file);
        }
    }
    fclose(file);
}

void broker_process_init(struct broker_process *broker, const char *extra, bool has_tls)
{
    *broker = (struct broker_process){.port = broker_process_free_port()};
    snprintf(broker->dir, sizeof broker->dir, "/tmp/broker-XXXXXX");
    if (mkdtemp(broker->dir) == NULL)
        die("mkdtemp");
    snprintf(broker->url, sizeof broker->url, "%s:%d",
             has_tls ? "mqtts://localhost" : "mqtt://127.0.0.1", broker->port);
    if (has_tls)
        make_certificates(broker);
    write_config(broker, extra, has_tls);
}

static bool is_listening(int port)
{
    struct sockaddr_in address;
    int fd = loopback(port, &address);
    bool is_there = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return is_there;
}

void broker_process_start(struct broker_process *broker)
{
    char config[96];
    snprintf(config, sizeof config, "%s/mosquitto.conf", broker->dir);
    broker->pid = spawn((const char *const[]){"/usr/sbin/mosquitto", "-c", config, NULL}, -1);
    for (int i = 0; i < START_TRIES; i++) {
        if (is_listening(broker->port))
            return;
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    }
    die("mosquitto does not listen");
}

void broker_process_kill(struct broker_process *broker)
{
    if (broker->pid == 0)
        return;
    if (kill(broker->pid, SIGKILL) != 0 || waitpid(broker->pid, NULL, 0) != broker->pid)
        die("kill");
    broker->pid = 0;
}

void broker_process_fini(struct broker_process *broker)
{
    broker_process_kill(broker);
    broker_process_run((const char *const[]){"/bin/rm", "-rf", broker->dir, NULL}, NULL);
}
