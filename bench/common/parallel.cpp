#include "common/parallel.h"

#include <thread>
#include <vector>

#include "common/measure.h"

namespace ddsync::bench {

void run_in_parallel(const std::string& uri, int64_t connections, int64_t total,
                     const std::function<void(mongoc_client_t*, Share)>& loop) {
  std::vector<ClientHandle> clients;
  for (int64_t i = 0; i < connections; ++i) clients.push_back(connect(uri));
  wait_for_go();
  const Measurement measurement;
  {
    std::vector<std::jthread> threads;
    for (int64_t i = 0; i < connections; ++i) {
      const Share share{.first = total * i / connections, .end = total * (i + 1) / connections};
      threads.emplace_back(
          [&loop, share, client = clients[static_cast<size_t>(i)].get()] { loop(client, share); });
    }
  }
  measurement.print(total);
}

}  // namespace ddsync::bench
