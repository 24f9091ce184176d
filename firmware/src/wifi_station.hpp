// Wi-Fi as a station: WPA2-Personal or WPA2-Enterprise (FR-1.1), connected again with jittered backoff.
#pragma once

#include <atomic>

#include "backoff.hpp"
#include "identity_store.hpp"
#include "ports.hpp"

namespace egiz::esp {

class WifiStation final : public Network {
  public:
    explicit WifiStation(Random& random) : random_(random) {}

    // `identity` must outlive the station: the supplicant keeps pointers to its certificates.
    Status start(const WifiIdentity& identity, const char* hostname);
    // From the core's loop: connects again when it is time.
    void poll(std::uint64_t now_ms);

    bool up() override { return up_.load(); }
    std::int8_t rssi() override;
    std::uint32_t reconnects() override;

  private:
    static void on_event(void* self, const char* base, std::int32_t id, void* data);
    void wifi_event(std::int32_t id, const void* data);

    Random& random_;
    Backoff backoff_{500, 30'000};
    std::atomic<bool> up_{false};
    std::atomic<bool> wanted_{false};      // a connect attempt is due
    std::atomic<std::uint32_t> joined_{0};
    std::uint64_t retry_ms_ = 0;
    bool first_ = true;
    bool scheduled_ = false;
};

// wifi_enterprise.cpp: identity, CA, server name and method of an EAP network.
Status configure_enterprise(const WifiIdentity& identity);

}  // namespace egiz::esp
