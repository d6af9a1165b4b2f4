#include "mongo/pools.h"

#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "mongo/endpoint.h"

namespace ddsync::mongo {
namespace {

std::mutex pools_mutex;
std::vector<std::weak_ptr<mongoc_client_pool_t>> known_pools;

std::vector<PoolHandle> living_pools() {
  const std::lock_guard lock(pools_mutex);
  std::erase_if(known_pools, [](const auto& pool) { return pool.expired(); });
  std::vector<PoolHandle> living;
  for (const auto& pool : known_pools) {
    if (PoolHandle one = pool.lock()) living.push_back(std::move(one));
  }
  return living;
}

// Who finds no server has the monitors look at once, and their answer wakes all who wait. One who finds a
// server wakes nobody: a primary is there while readers wait for a secondary, or the other way round.
void look_for_servers(const PoolHandle& pool) {
  const ClientHandle client(mongoc_client_pool_try_pop(pool.get()), GiveBack{pool.get()});
  if (!client) return;
  bson_error_t failure = {};
  const mongoc_read_prefs_t* preferred = mongoc_client_get_read_prefs(client.get());
  const ServerHandle to_read(mongoc_client_select_server(client.get(), false, preferred, &failure));
  const ServerHandle to_write(mongoc_client_select_server(client.get(), true, nullptr, &failure));
}

}  // namespace

PoolHandle make_pool(const mongoc_uri_t* uri, bson_error_t& failure) {
  PoolHandle pool(mongoc_client_pool_new_with_error(uri, &failure), Release<mongoc_client_pool_destroy>());
  if (!pool) return pool;
  mongoc_client_pool_set_error_api(pool.get(), MONGOC_ERROR_API_VERSION_2);
  const std::lock_guard lock(pools_mutex);
  known_pools.push_back(pool);
  return pool;
}

// On threads of their own, which nobody waits for: each may take as long as a selection, and would itself
// hang when the clock is set back once more.
bool wake_waiting() {
  try {
    for (PoolHandle& pool : living_pools()) std::thread(look_for_servers, std::move(pool)).detach();
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

}  // namespace ddsync::mongo
