// One virtual board: the hardware around the core. A restart builds a new core on the same flash, as power does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "board.hpp"
#include "file_flash.hpp"
#include "file_kv.hpp"
#include "file_slots.hpp"
#include "fleet_config.hpp"
#include "https_download.hpp"
#include "mqtt_session.hpp"
#include "psa_crypto.hpp"
#include "simulated_sensors.hpp"

namespace egiz::host {

class HostClock final : public Clock {
  public:
    HostClock();
    std::uint64_t monotonic_ms() override;          // since the last power_on()
    Result<std::uint64_t> utc_ms() override;        // the host's clock is kept by the host
    void power_on();

  private:
    std::uint64_t zero_ms_ = 0;
};

class HostRandom final : public Random {
  public:
    void fill(MutableBytes out) override;
};

// The host's network, with the signal strength of a board that hangs somewhere in a hall.
class HostNetwork final : public Network {
  public:
    explicit HostNetwork(std::uint64_t seed) : noise_(seed + 77), level_(-50 - 25 * noise_.uniform()) {}
    bool up() override { return true; }
    std::int8_t rssi() override;
    std::uint32_t reconnects() override { return 0; }

  private:
    Noise noise_;
    double level_;
};

class HostSystem final : public System {
  public:
    explicit HostSystem(std::string device_id) : device_id_(std::move(device_id)) {}
    ResetReason reset_reason() override { return reason_; }
    HeapInfo heap() override;
    void feed_watchdog() override {}
    void restart() override { restart_ = true; }
    void identify(std::uint32_t seconds) override;
    void set_log_level(LogLevel level) override { level_ = level; }
    void log(LogLevel level, std::string_view text) override;
    std::uint32_t crash_count() override { return crashes_; }
    void set_crash_count(std::uint32_t n) override { crashes_ = n; }

    [[nodiscard]] bool take_restart();

  private:
    std::string device_id_;
    ResetReason reason_ = ResetReason::power_on;
    LogLevel level_ = LogLevel::info;
    std::uint32_t crashes_ = 0;
    bool restart_ = false;
};

class Machine {
  public:
    Machine(const FleetConfig& fleet, const BoardConfig& config);
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    // False when the board cannot be what its configuration says.
    bool power_on();
    // Runs what is due; returns how many ms it can be left alone.
    std::uint64_t step();
    void shutdown();
    [[nodiscard]] MqttSession& session() { return mqtt_; }
    [[nodiscard]] const Board& board() const { return *board_; }
    [[nodiscard]] const std::string& device_id() const { return config_.device_id; }

  private:
    void restart();

    BoardConfig config_;
    std::string product_;
    std::string hardware_;
    std::vector<UpdateKey> key_store_;
    std::vector<TrustedKey> keys_;
    HostClock clock_;
    HostRandom random_;
    FileKv kv_;
    FileFlash flash_;
    HostNetwork network_;
    MqttSession mqtt_;
    PsaCrypto crypto_;
    FileSlots slots_;
    HttpsDownload download_;
    HostSystem system_;
    SimulatedSensors sensors_;
    Image image_;
    std::optional<Board> board_;
};

}  // namespace egiz::host
