#include "esp_clock.hpp"

#include <sys/time.h>

#include <atomic>

#include "esp_netif_sntp.h"
#include "esp_status.hpp"
#include "esp_timer.h"

namespace egiz::esp {
namespace {

std::atomic<bool> synchronised{false};
std::atomic<std::int64_t> earliest_s{0};

// NTP is not authenticated: an answer from before this firmware was built is an attack or a broken server.
void on_time(struct timeval* time) {
    if (time != nullptr && time->tv_sec >= earliest_s.load()) synchronised.store(true);
}

}  // namespace

std::uint64_t EspClock::monotonic_ms() { return static_cast<std::uint64_t>(esp_timer_get_time()) / 1000; }

Result<std::uint64_t> EspClock::utc_ms() {
    if (!synchronised.load()) return Err::not_found;
    struct timeval now {};
    if (gettimeofday(&now, nullptr) != 0) return Err::io;
    return static_cast<std::uint64_t>(now.tv_sec) * 1000 + static_cast<std::uint64_t>(now.tv_usec) / 1000;
}

void EspClock::set_lower_bound(std::uint64_t utc_ms) {
    earliest_s.store(static_cast<std::int64_t>(utc_ms / 1000));
    struct timeval now {};
    now.tv_sec = static_cast<time_t>(utc_ms / 1000);
    now.tv_usec = static_cast<suseconds_t>((utc_ms % 1000) * 1000);
    (void)settimeofday(&now, nullptr);
}

Status EspClock::start_ntp(const char* server) {
    esp_sntp_config_t config{};
    // A step, not a slew: the estimate can be hours behind, and records are stamped by the core's own offset.
    config.smooth_sync = false;
    config.server_from_dhcp = true;
    config.start = true;
    config.sync_cb = on_time;
    config.renew_servers_after_new_IP = true;
    config.ip_event_to_renew = IP_EVENT_STA_GOT_IP;
    config.index_of_first_server = 1;  // place 0 is the lease's
    if (server != nullptr && server[0] != '\0') {
        config.num_of_servers = 1;
        config.servers[0] = server;
    }
    return to_status(esp_netif_sntp_init(&config));
}

}  // namespace egiz::esp
