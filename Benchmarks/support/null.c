// null PORT: what an HTTP server on epoll cannot get below. One recv and one send for each readable event; a request is
// a blank line, and each gets the same answer. Benchmarks are quoted as a part of this.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_REQUESTS = 512, MOST_EVENTS = 256, BUFFER = 65536 };

static const char ANSWER[] =
    "HTTP/1.1 200 OK\r\nServer: null\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";
static char answers[MOST_REQUESTS * (sizeof ANSWER - 1)];
static char input[BUFFER];

static void stop(const char *what) {
    perror(what);
    exit(1);
}

static void serve(int connection) {
    ssize_t count = recv(connection, input, sizeof input, 0);
    if (count <= 0) {
        if (count < 0 && errno == EAGAIN) return;
        close(connection);
        return;
    }
    size_t requests = 0;
    for (const char *at = input, *end = input + count; requests < MOST_REQUESTS; requests++) {
        const char *blank = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
        if (!blank) break;
        at = blank + 4;
    }
    if (requests && send(connection, answers, requests * (sizeof ANSWER - 1), MSG_NOSIGNAL) < 0) close(connection);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: null PORT\n");
        return 2;
    }
    for (size_t i = 0; i < MOST_REQUESTS; i++) memcpy(answers + i * (sizeof ANSWER - 1), ANSWER, sizeof ANSWER - 1);

    int one = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) stop("bind");
    if (listen(listener, 4096) < 0) stop("listen");

    int poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        struct epoll_event events[MOST_EVENTS];
        int ready = epoll_wait(poller, events, MOST_EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd != listener) {
                serve(events[i].data.fd);
                continue;
            }
            int connection;
            while ((connection = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                event = (struct epoll_event){.events = EPOLLIN | EPOLLET, .data.fd = connection};
                epoll_ctl(poller, EPOLL_CTL_ADD, connection, &event);
            }
        }
    }
}
