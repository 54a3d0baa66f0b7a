/* pool_test: what a pool has to do right for one thread. The comment of a test says who got it wrong. */
#define _DEFAULT_SOURCE /* TCP_INFO */
#include "pool_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

static void far_closes(struct server *server, int number)
{
    close(server->far[number]);
    server->far[number] = -1;
}

/* Before the idle time-out the connection is used again, after it made anew: the source's one sentence about pools. */
static void reuse_and_idle_time(void)
{
    struct server server;
    server_open(&server);
    struct pool *pool = pool_new(2, 1, connect_pair, &server);
    struct pool_conn *conn = pool_get(pool, 0);
    int first_fd = pool_fd(conn);
    CHECK(!pool_reused(conn));
    pool_put(conn);
    conn = pool_get(pool, 0);
    CHECK(conn && pool_fd(conn) == first_fd && pool_reused(conn));
    CHECK(server.connects == 1);
    pool_put(conn);
    pause_ms(1100);
    conn = pool_get(pool, 0);
    CHECK(conn && server.connects == 2 && !pool_reused(conn));
    char byte;
    CHECK(recv(server.far[0], &byte, 1, MSG_DONTWAIT) == 0); /* the old one was closed */
    CHECK(stats_of(pool).max_idle_time_closed == 1 && stats_of(pool).reused == 1);
    pool_put(conn);
    CHECK(pool_free(pool) == 0);

    pool = pool_new(2, 0, connect_pair, &server); /* 0: for ever */
    pool_put(pool_get(pool, 0));
    pause_ms(20);
    pool_put(pool_get(pool, 0));
    CHECK(server.connects == 3);
    pool_free(pool);
    server_close(&server);
}

/* The time-out of one connection in place of the pool's. */
static void idle_time_of_its_own(void)
{
    struct server server;
    server_open(&server);
    struct pool *pool = pool_new(2, 100, connect_pair, &server);
    struct pool_conn *one = pool_get(pool, 0), *two = pool_get(pool, 0);
    pool_idle(two, 0.02);
    pool_put(one);
    pool_put(two);
    pause_ms(30);
    CHECK(pool_tidy(pool) == 1);
    CHECK(stats_of(pool).idle == 1);
    one = pool_get(pool, 0);
    pool_idle(one, 0.02);
    pool_put(one);
    pause_ms(30);
    one = pool_get(pool, 0);
    CHECK(one && !pool_reused(one));
    pool_put(one);
    pause_ms(30); /* the new connection has the pool's time-out again */
    one = pool_get(pool, 0);
    CHECK(one && pool_reused(one));
    pool_put(one);
    pool_free(pool);
    server_close(&server);
}

/* read may block for so long; pool_put() takes the limit off. */
static void time_out_of_a_connection(void)
{
    struct server server;
    server_open(&server);
    struct pool *pool = pool_new(1, 0, connect_pair, &server);
    struct pool_conn *conn = pool_get(pool, 0);
    char byte;
    CHECK(pool_timeout(conn, 20) == 0);
    CHECK(read(pool_fd(conn), &byte, 1) == -1 && (errno == EAGAIN || errno == EWOULDBLOCK));
    pool_put(conn);
    conn = pool_get(pool, 0);
    struct timeval limit;
    socklen_t size = sizeof limit;
    CHECK(getsockopt(pool_fd(conn), SOL_SOCKET, SO_RCVTIMEO, &limit, &size) == 0);
    CHECK(limit.tv_sec == 0 && limit.tv_usec == 0);
    pool_put(conn);
    pool_free(pool);
    server_close(&server);
}

/* The source's library: the third get hangs after two failed connects out of max = 2. */
static void failing_connects_give_back_their_place(void)
{
    struct server server;
    server_open(&server);
    struct pool *pool = pool_new(2, 0, connect_pair, &server);
    server.failing = 5;
    for (int i = 0; i < 5; i++) {
        errno = 0;
        CHECK(pool_get(pool, 0) == NULL && errno == ECONNREFUSED);
    }
    CHECK(stats_of(pool).in_use == 0 && stats_of(pool).connect_errors == 5);
    struct pool_conn *one = pool_get(pool, 0), *two = pool_get(pool, 0);
    CHECK(one && two);
    errno = 0;
    CHECK(pool_get(pool, 0) == NULL && errno == EBUSY);
    pool_put(one);
    pool_put(two);
    pool_free(pool);
    server_close(&server);
}

/* The source's library: sequential get and put hang when their number exceeds max. */
static void sequential_calls_past_max(void)
{
    struct server server;
    server_open(&server);
    struct pool *pool = pool_new(3, 0, connect_pair, &server);
    for (int i = 0; i < 1000; i++) {
        struct pool_conn *conn = pool_get(pool, 0);
        CHECK(conn != NULL);
        if (conn)
            pool_put(conn);
    }
    CHECK(server.connects == 1);
    for (int i = 0; i < 1000; i++) {
        struct pool_conn *conn = pool_get(pool, 0);
        CHECK(conn != NULL);
        if (conn)
            pool_discard(conn);
    }
    CHECK(server.connects == 1000);
    struct pool_stats stats = stats_of(pool);
    CHECK(stats.open == 0 && stats.discarded == 1000);
    pool_free(pool);
    server_close(&server);
}

static void idle_order(enum pool_order order, bool oldest_first)
{
    struct server server;
    server_open(&server);
    struct pool *pool = pool_new(3, 0, connect_pair, &server);
    struct pool_conn *conns[3];
    int fds[3];
    pool_set_order(pool, order);
    for (int i = 0; i < 3; i++) {
        conns[i] = pool_get(pool, 0);
        fds[i] = pool_fd(conns[i]);
    }
    for (int i = 0; i < 3; i++)
        pool_put(conns[i]);
    for (int i = 0; i < 3; i++) {
        conns[i] = pool_get(pool, 0);
        CHECK(pool_fd(conns[i]) == fds[oldest_first ? i : 2 - i]);
    }
    for (int i = 0; i < 3; i++)
        pool_put(conns[i]);
    pool_free(pool);
    server_close(&server);
}

static void fifo_and_lifo(void)
{
    idle_order(POOL_FIFO, true);
    idle_order(POOL_LIFO, false);
}

/* What the other side has done to an idle connection is seen, and nobody gets it. */
static void dead_connections_are_replaced(void)
{
    struct server server;
    server_open(&server);
    struct pool *pool = pool_new(3, 0, connect_pair, &server);
    struct pool_conn *conn = pool_get(pool, 0);
    pool_put(conn);
    far_closes(&server, 0);
    conn = pool_get(pool, 0);
    CHECK(conn && !pool_reused(conn) && server.connects == 2);
    CHECK(stats_of(pool).peer_closed == 1 && stats_of(pool).reused == 0);
    pool_put(conn);
    CHECK(write(server.far[1], "x", 1) == 1); /* bytes that nobody has asked for */
    conn = pool_get(pool, 0);
    CHECK(conn && !pool_reused(conn) && server.connects == 3);
    pool_put(conn);
    pool_set_check(pool, false); /* a naive pool */
    far_closes(&server, 2);
    conn = pool_get(pool, 0);
    CHECK(conn && pool_reused(conn) && server.connects == 3);
    pool_discard(conn);
    pool_free(pool);

    /* One is found closed: the others are looked at as well, and none stays in the pool. */
    pool = pool_new(3, 0, connect_pair, &server);
    struct pool_conn *three[3];
    for (int i = 0; i < 3; i++)
        three[i] = pool_get(pool, 0);
    for (int i = 0; i < 3; i++)
        pool_put(three[i]);
    for (int i = 3; i < 6; i++)
        far_closes(&server, i);
    conn = pool_get(pool, 0);
    CHECK(conn && stats_of(pool).peer_closed == 3 && stats_of(pool).open == 1);
    pool_put(conn);
    far_closes(&server, 6);
    CHECK(pool_tidy(pool) == 1 && stats_of(pool).open == 0);
    pool_free(pool);
    server_close(&server);
}

/* TCP, where the kernel says CLOSE_WAIT, or that it was reset. */
static int connect_tcp(void *arg)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)arg, sizeof(struct sockaddr_in)) == 0)
        return fd;
    close(fd);
    return -1;
}

static int tcp_state(int fd)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == -1 ? -1 : info.tcpi_state;
}

static void peer_closed_over_tcp(bool reset)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listen_fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(listen_fd, 8) == 0 &&
          getsockname(listen_fd, (struct sockaddr *)&address, &size) == 0);
    struct pool *pool = pool_new(1, 0, connect_tcp, &address);
    struct pool_conn *conn = pool_get(pool, 0);
    int fd = pool_fd(conn), peer = accept(listen_fd, NULL, NULL);
    pool_put(conn);
    if (reset)
        setsockopt(peer, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    close(peer);
    int wanted = reset ? TCP_CLOSE : TCP_CLOSE_WAIT;
    for (int i = 0; i < 5000 && tcp_state(fd) != wanted; i++)
        pause_ms(1);
    CHECK(tcp_state(fd) == wanted);
    conn = pool_get(pool, 0);
    CHECK(conn && !pool_reused(conn) && tcp_state(pool_fd(conn)) == TCP_ESTABLISHED);
    CHECK(stats_of(pool).peer_closed == 1);
    pool_put(conn);
    pool_free(pool);
    close(listen_fd);
}

static void closed_and_reset_by_the_peer(void)
{
    peer_closed_over_tcp(false);
    peer_closed_over_tcp(true);
}

static void lifetime(void)
{
    struct server server;
    server_open(&server);
    struct pool *pool = pool_new(2, 0, connect_pair, &server);
    pool_set_lifetime(pool, 0.05);
    struct pool_conn *conn = pool_get(pool, 0);
    pool_put(conn);
    pause_ms(60);
    conn = pool_get(pool, 0); /* too old when it is taken */
    CHECK(conn && !pool_reused(conn) && stats_of(pool).max_lifetime_closed == 1);
    pause_ms(60);
    pool_put(conn); /* too old when it is put back */
    CHECK(stats_of(pool).open == 0 && stats_of(pool).max_lifetime_closed == 2);
    pool_free(pool);
    server_close(&server);
}

static void enough_idle_ones(void)
{
    struct server server;
    server_open(&server);
    struct pool *pool = pool_new(3, 0, connect_pair, &server);
    struct pool_conn *conns[3];
    pool_set_max_idle(pool, 1);
    for (int i = 0; i < 3; i++)
        conns[i] = pool_get(pool, 0);
    for (int i = 0; i < 3; i++)
        pool_put(conns[i]);
    struct pool_stats stats = stats_of(pool);
    CHECK(stats.idle == 1 && stats.open == 1 && stats.max_idle_closed == 2);
    pool_free(pool);
    server_close(&server);
}

/* The source's library: closing an empty pool crashes, and one with three idle connections closes one of them. */
static void freed_with_none_idle_and_busy(void)
{
    struct server server;
    server_open(&server);
    CHECK(pool_free(NULL) == 0);
    CHECK(pool_free(pool_new(3, 0, connect_pair, &server)) == 0);

    struct pool *pool = pool_new(3, 0, connect_pair, &server);
    struct pool_conn *conns[3];
    int fds[3];
    for (int i = 0; i < 3; i++) {
        conns[i] = pool_get(pool, 0);
        fds[i] = pool_fd(conns[i]);
    }
    for (int i = 0; i < 3; i++)
        pool_put(conns[i]);
    CHECK(pool_free(pool) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(!is_open(fds[i]));

    pool = pool_new(3, 0, connect_pair, &server);
    for (int i = 0; i < 3; i++) {
        conns[i] = pool_get(pool, 0);
        fds[i] = pool_fd(conns[i]);
    }
    pool_put(conns[0]);
    CHECK(pool_free(pool) == 2);
    CHECK(!is_open(fds[0]) && is_open(fds[1]) && is_open(fds[2]));
    CHECK(write(fds[1], "x", 1) == 1); /* still good */
    CHECK(pool_put(conns[1]) == 0);
    CHECK(!is_open(fds[1]) && is_open(fds[2]));
    CHECK(pool_discard(conns[2]) == 0); /* the last one frees the memory: AddressSanitizer looks */
    CHECK(!is_open(fds[2]));
    server_close(&server);
}

static void wrong_use(void)
{
    struct server server;
    server_open(&server);
    errno = 0;
    CHECK(pool_new(0, 0, connect_pair, NULL) == NULL && errno == EINVAL);
    CHECK(pool_new(-1, 0, connect_pair, NULL) == NULL && errno == EINVAL);
    CHECK(pool_new(1, 0, NULL, NULL) == NULL && errno == EINVAL);
    struct pool *pool = pool_new(2, 0, connect_pair, &server);
    struct pool_conn *conn = pool_get(pool, 0);
    CHECK(pool_put(conn) == 0);
    errno = 0;
    CHECK(pool_put(conn) == -1 && errno == EINVAL);
    errno = 0;
    CHECK(pool_discard(conn) == -1 && errno == EINVAL);
    CHECK(stats_of(pool).idle == 1 && stats_of(pool).in_use == 0);
    pool_close(pool);
    errno = 0;
    CHECK(pool_get(pool, -1) == NULL && errno == ECANCELED);
    pool_free(pool);
    server_close(&server);
}

int main(void)
{
    alarm(55); /* what hangs here is an error */
    reuse_and_idle_time();
    idle_time_of_its_own();
    time_out_of_a_connection();
    failing_connects_give_back_their_place();
    sequential_calls_past_max();
    fifo_and_lifo();
    dead_connections_are_replaced();
    closed_and_reset_by_the_peer();
    lifetime();
    enough_idle_ones();
    freed_with_none_idle_and_busy();
    wrong_use();
    return failures > 0;
}
