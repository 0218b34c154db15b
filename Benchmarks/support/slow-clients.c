// slow-clients PORT COUNT: clients that do a byte a second, a third of them each with the request's head, with its body
// and with taking the response. Says "ready" once all are connected, and goes on until it is terminated.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SLICES = 100, SMALLEST_WINDOW = 4096 };

static const char HEAD[] = "GET /plaintext HTTP/1.1\r\nHost: slow\r\nX-Slow: ";
static const char POST[] = "POST / HTTP/1.1\r\nHost: slow\r\nContent-Length: 1000000\r\n\r\n";
static const char GET[] = "GET /stream HTTP/1.1\r\nHost: slow\r\n\r\n";

struct client {
    int descriptor;
    enum { SENDS_HEAD, SENDS_BODY, TAKES_RESPONSE } kind;
    size_t sent;
};

static void stop(const char *what) {
    perror(what);
    exit(1);
}

static void begin(struct client *c, size_t number, in_port_t port) {
    c->kind = number % 3;
    c->descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (c->descriptor < 0) stop("socket");
    int window = SMALLEST_WINDOW;
    if (c->kind == TAKES_RESPONSE) setsockopt(c->descriptor, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(c->descriptor, (struct sockaddr *)&address, sizeof address) < 0) stop("connect");
    const char *first = c->kind == SENDS_BODY ? POST : c->kind == TAKES_RESPONSE ? GET : "";
    if (send(c->descriptor, first, strlen(first), MSG_NOSIGNAL) < 0) stop("send");
}

// Nothing is made of errors: a connection that was cut stays as the server left it.
static void step(struct client *c) {
    char byte = 'a';
    if (c->kind == TAKES_RESPONSE) {
        recv(c->descriptor, &byte, 1, MSG_DONTWAIT);
        return;
    }
    if (c->kind == SENDS_HEAD && c->sent < sizeof HEAD - 1) byte = HEAD[c->sent++];
    send(c->descriptor, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: slow-clients PORT COUNT\n");
        return 2;
    }
    size_t count = strtoul(argv[2], NULL, 10);
    struct client *clients = calloc(count + 1, sizeof *clients);
    if (!clients) stop("calloc");
    for (size_t i = 0; i < count; i++) begin(&clients[i], i, (in_port_t)atoi(argv[1]));
    puts("ready");
    fflush(stdout);
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    // Spread over the second, so that they do not all come at once.
    for (size_t slice = 0;; slice = (slice + 1) % SLICES) {
        for (size_t i = slice; i < count; i += SLICES) step(&clients[i]);
        at.tv_nsec += 1000000000 / SLICES;
        if (at.tv_nsec >= 1000000000) at.tv_nsec -= 1000000000, at.tv_sec++;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    }
}
