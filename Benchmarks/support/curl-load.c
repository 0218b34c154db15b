/* Loads a server through libcurl's multi interface, driven by epoll as its documentation shows for many transfers, and
   prints what it did and the CPU time it took: curl-load URL TRANSFERS SECONDS. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static CURLM *multi;
static int epoll;
static long timeout_at = -1;
static long requests, errors;

struct transfer {
    CURL *easy;
    size_t bytes;
};

static long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static long cpu_ns(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000L + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000L;
}

static size_t take(char *data, size_t size, size_t count, void *user) {
    (void)data;
    ((struct transfer *)user)->bytes += size * count;
    return size * count;
}

static int on_socket(CURL *easy, curl_socket_t s, int what, void *user, void *known) {
    (void)easy, (void)user;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, s, NULL);
        return 0;
    }
    struct epoll_event event = {.data.fd = s};
    if (what & CURL_POLL_IN) event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
    if (!known) curl_multi_assign(multi, s, multi);
    if (epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, s, &event)) epoll_ctl(epoll, EPOLL_CTL_ADD, s, &event);
    return 0;
}

static int on_timer(CURLM *m, long ms, void *user) {
    (void)m, (void)user;
    timeout_at = ms < 0 ? -1 : now_ms() + ms;
    return 0;
}

static void collect(int again) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        struct transfer *t;
        long status = 0;
        CURL *easy = message->easy_handle;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (message->data.result || status != 200 || t->bytes != 13) errors++;
        requests++;
        t->bytes = 0;
        curl_multi_remove_handle(multi, easy);
        if (again) curl_multi_add_handle(multi, easy);
    }
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    int count = atoi(argv[2]), running;
    double seconds = atof(argv[3]);
    curl_global_init(CURL_GLOBAL_ALL);
    multi = curl_multi_init();
    epoll = epoll_create1(0);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    struct transfer *transfers = calloc(count, sizeof *transfers);
    for (int i = 0; i < count; i++) {
        CURL *easy = transfers[i].easy = curl_easy_init();
        curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfers[i]);
        curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfers[i]);
        curl_multi_add_handle(multi, easy);
    }
    long begin = now_ms() + 200, end = 0, cpu = 0, before = 0;
    for (;;) {
        struct epoll_event events[64];
        long wait = timeout_at < 0 ? 1000 : timeout_at - now_ms();
        int n = epoll_wait(epoll, events, 64, wait < 0 ? 0 : (int)wait);
        for (int i = 0; i < n; i++) {
            int flags = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0);
            if (events[i].events & (EPOLLERR | EPOLLHUP)) flags |= CURL_CSELECT_ERR;
            curl_multi_socket_action(multi, events[i].data.fd, flags, &running);
        }
        long now = now_ms();
        if (timeout_at >= 0 && timeout_at <= now) {
            timeout_at = -1;
            curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        collect(1);
        if (!end && now >= begin) {
            end = now + (long)(seconds * 1000);
            cpu = cpu_ns();
            before = requests;
        } else if (end && now >= end) {
            break;
        }
    }
    printf("{\"requests\": %ld, \"errors\": %ld, \"cpu\": %ld}\n", requests - before, errors, cpu_ns() - cpu);
    return 0;
}
