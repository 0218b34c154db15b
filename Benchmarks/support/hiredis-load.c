// hiredis-load get|set PORT DEPTH SECONDS: loads a Redis server with hiredis, pipelined by hand: so many commands leave in one
// write, and then all answers are read. Prints what it did and the CPU time it took, as redis-bench does.
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const char *const value = "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv";
static long requests, errors;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long cpu_nanoseconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000L +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000L;
}

static void batch(redisContext *context, int is_set, int depth) {
    for (int i = 0; i < depth; i++) {
        if (is_set) redisAppendCommand(context, "SET %s %s", "bench:key", value);
        else redisAppendCommand(context, "GET %s", "bench:key");
    }
    for (int i = 0; i < depth; i++) {
        redisReply *reply;
        if (redisGetReply(context, (void **)&reply) != REDIS_OK) {
            fprintf(stderr, "%s\n", context->errstr);
            exit(1);
        }
        if (is_set ? reply->type != REDIS_REPLY_STATUS : reply->type != REDIS_REPLY_STRING || reply->len != 32) errors++;
        freeReplyObject(reply);
        requests++;
    }
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: hiredis-load get|set PORT DEPTH SECONDS\n");
        return 2;
    }
    int is_set = !strcmp(argv[1], "set"), depth = atoi(argv[3]);
    redisContext *context = redisConnect("127.0.0.1", atoi(argv[2]));
    if (!context || context->err) return 1;
    batch(context, 1, 1);
    double begin = now() + 0.2, end = begin + atof(argv[4]);
    while (now() < begin) batch(context, is_set, depth);
    long before = requests, cpu = cpu_nanoseconds();
    while (now() < end) batch(context, is_set, depth);
    printf("{\"requests\": %ld, \"errors\": %ld, \"cpu\": %ld}\n", requests - before, errors, cpu_nanoseconds() - cpu);
    redisFree(context);
    return 0;
}
