// A TCP proxy that holds every byte back for a fixed time in each direction: the round trip of a distant
// target. Bandwidth is not limited. One thread: the bytes are the only cost.
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

constexpr size_t kReadBytes = 256u << 10;
constexpr size_t kHeldBytesMax = 64u << 20;  // of one direction: far above what 8 writers have under way

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

void check(int result, const char* what) {
  if (result < 0) fail(what);
}

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) { check(fd, "socket"); }
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

  void make_fast() const {
    const int on = 1;
    check(setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
    check(fcntl(fd_, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
  }

 private:
  int fd_;
};

// Bytes on their way from one socket to the other.
class Direction {
 public:
  Direction(int from, int to, Clock::duration delay) : from_(from), to_(to), delay_(delay) {}

  // False when the connection is at its end.
  bool receive(std::vector<char>& buffer) {
    const ssize_t size = ::recv(from_, buffer.data(), buffer.size(), 0);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (size == 0) return false;
    held_.push_back({Clock::now() + delay_, {buffer.data(), buffer.data() + size}, 0});
    held_bytes_ += static_cast<size_t>(size);
    return true;
  }

  bool send_due(TimePoint now) {
    blocked_ = false;
    while (!held_.empty() && held_.front().due <= now) {
      Chunk& chunk = held_.front();
      const ssize_t sent =
          ::send(to_, chunk.bytes.data() + chunk.sent, chunk.bytes.size() - chunk.sent, MSG_NOSIGNAL);
      if (sent < 0) {
        blocked_ = errno == EAGAIN;
        return blocked_ || errno == EINTR;
      }
      chunk.sent += static_cast<size_t>(sent);
      if (chunk.sent < chunk.bytes.size()) continue;
      held_bytes_ -= chunk.bytes.size();
      held_.pop_front();
    }
    return true;
  }

  std::optional<TimePoint> next_due() const {
    if (held_.empty() || blocked_) return std::nullopt;
    return held_.front().due;
  }
  bool full() const { return held_bytes_ >= kHeldBytesMax; }
  bool blocked() const { return blocked_; }

 private:
  struct Chunk {
    TimePoint due;
    std::vector<char> bytes;
    size_t sent = 0;
  };

  int from_;
  int to_;
  Clock::duration delay_;
  std::deque<Chunk> held_;
  size_t held_bytes_ = 0;
  bool blocked_ = false;  // the receiver takes no more at present
};

struct Link {
  Link(int client_fd, int server_fd, Clock::duration delay)
      : client(client_fd),
        server(server_fd),
        up(client_fd, server_fd, delay),
        down(server_fd, client_fd, delay) {}
  Socket client;
  Socket server;
  Direction up;
  Direction down;
};

class Proxy {
 public:
  Proxy(uint16_t target_port, Clock::duration delay)
      : target_port_(target_port),
        delay_(delay),
        listener_(::socket(AF_INET, SOCK_STREAM, 0)),
        epoll_(epoll_create1(0)),
        buffer_(kReadBytes) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    check(::bind(listener_.fd(), generic, size), "bind");
    check(::listen(listener_.fd(), 128), "listen");
    check(::getsockname(listener_.fd(), generic, &size), "getsockname");
    fmt::print("listening on 127.0.0.1:{}\n", ntohs(address.sin_port));
    std::fflush(stdout);
    watch(listener_.fd(), EPOLLIN, EPOLL_CTL_ADD);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 64> events{};
    for (;;) {
      const int count = wait(events);
      for (int i = 0; i < count; ++i) handle(events.at(static_cast<size_t>(i)));
      send_all_due();
    }
  }

 private:
  int wait(std::array<epoll_event, 64>& events) {
    std::optional<TimePoint> due;
    for (const auto& [fd, link] : links_)
      for (const Direction* direction : {&link->up, &link->down})
        if (const auto at = direction->next_due(); at && (!due || *at < *due)) due = at;
    timespec timeout{};
    if (due) {
      const auto left = std::max<int64_t>((*due - Clock::now()).count(), 0);
      timeout = {.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
    }
    const int count = epoll_pwait2(epoll_.fd(), events.data(), static_cast<int>(events.size()),
                                   due ? &timeout : nullptr, nullptr);
    if (count < 0 && errno != EINTR) fail("epoll");
    return count;
  }

  void handle(const epoll_event& event) {
    const int fd = event.data.fd;
    if (fd == listener_.fd()) return accept();
    const auto found = links_.find(fd);
    if (found == links_.end()) return;  // closed by an event of its other end
    Link& link = *found->second;
    Direction& direction = fd == link.client.fd() ? link.up : link.down;
    const bool readable = (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
    if (readable && !direction.receive(buffer_)) close(link);
  }

  void accept() {
    const int client = ::accept(listener_.fd(), nullptr, nullptr);
    check(client, "accept");
    const int server = ::socket(AF_INET, SOCK_STREAM, 0);
    const auto link = std::make_shared<Link>(client, server, delay_);
    const sockaddr_in address = loopback(target_port_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) return;
    for (const Socket* socket : {&link->client, &link->server}) {
      socket->make_fast();
      links_[socket->fd()] = link;
      watch(socket->fd(), EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  void send_all_due() {
    const TimePoint now = Clock::now();
    std::vector<Link*> broken;
    for (const auto& [fd, link] : links_) {
      if (fd != link->client.fd()) continue;  // each link once
      if (!link->up.send_due(now) || !link->down.send_due(now)) {
        broken.push_back(link.get());
        continue;
      }
      watch(link->client.fd(), interest(link->up, link->down), EPOLL_CTL_MOD);
      watch(link->server.fd(), interest(link->down, link->up), EPOLL_CTL_MOD);
    }
    for (Link* link : broken) close(*link);
  }

  static uint32_t interest(const Direction& reads, const Direction& writes) {
    return (reads.full() ? 0u : uint32_t{EPOLLIN}) | (writes.blocked() ? uint32_t{EPOLLOUT} : 0u);
  }

  void watch(int fd, uint32_t events, int operation) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    check(epoll_ctl(epoll_.fd(), operation, fd, &event), "epoll_ctl");
  }

  void close(Link& link) {
    const auto keep = links_.at(link.client.fd());  // until both ends are forgotten
    links_.erase(link.client.fd());
    links_.erase(link.server.fd());
  }

  uint16_t target_port_;
  Clock::duration delay_;
  Socket listener_;
  Socket epoll_;
  std::vector<char> buffer_;
  std::unordered_map<int, std::shared_ptr<Link>> links_;  // by either socket
};

}  // namespace

int main(int argc, char** argv) {
  uint16_t target_port = 0;
  double round_trip_ms = 0;
  CLI::App app("Forwards TCP connections with a delay");
  app.add_option("--target-port", target_port)->required();
  app.add_option("--round-trip-ms", round_trip_ms)->required();
  CLI11_PARSE(app, argc, argv);
  const auto one_way = std::chrono::duration<double, std::milli>(round_trip_ms / 2);
  Proxy(target_port, std::chrono::duration_cast<Clock::duration>(one_way)).run();
}
