#include "machine.hpp"

#include <sys/random.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>

#include "timestamp.hpp"

namespace egiz::host {
namespace {

std::uint64_t steady_ms() {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    return static_cast<std::uint64_t>(duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}

std::uint64_t system_ms() {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    return static_cast<std::uint64_t>(duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count());
}

MqttAccount account_of(const FleetConfig& fleet, const BoardConfig& board) {
    return {fleet.host, fleet.port, fleet.ca_file, board.username, board.password, board.cert_file, board.key_file};
}

}  // namespace

HostClock::HostClock() { power_on(); }
std::uint64_t HostClock::monotonic_ms() { return steady_ms() - zero_ms_; }
Result<std::uint64_t> HostClock::utc_ms() { return system_ms(); }
void HostClock::power_on() { zero_ms_ = steady_ms(); }

void HostRandom::fill(MutableBytes out) {
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t n = ::getrandom(out.data() + done, out.size() - done, 0);
        if (n > 0) done += static_cast<std::size_t>(n);
    }
}

std::int8_t HostNetwork::rssi() {
    level_ = std::clamp(level_ + noise_.gaussian(0.5), -88.0, -38.0);
    return static_cast<std::int8_t>(level_);
}

HeapInfo HostSystem::heap() {
    struct sysinfo info{};
    if (::sysinfo(&info) != 0) return {};
    const std::uint64_t bytes = std::uint64_t{info.freeram} * info.mem_unit;
    const auto free = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, std::numeric_limits<std::uint32_t>::max()));
    return {free, free, free};
}

void HostSystem::identify(std::uint32_t seconds) {
    log(LogLevel::info, "identify for " + std::to_string(seconds) + " s");
}

void HostSystem::log(LogLevel level, std::string_view text) {
    if (level > level_) return;
    const Timestamp at = format_timestamp(system_ms());
    std::printf("{\"at\":\"%.*s\",\"level\":\"%.*s\",\"device_id\":\"%s\",\"message\":\"%.*s\"}\n", static_cast<int>(at.size()),
                at.view().data(), static_cast<int>(to_string(level).size()), to_string(level).data(), device_id_.c_str(),
                static_cast<int>(text.size()), text.data());
    std::fflush(stdout);
}

bool HostSystem::take_restart() {
    const bool wanted = restart_;
    restart_ = false;
    if (wanted) reason_ = ResetReason::software;
    return wanted;
}

Machine::Machine(const FleetConfig& fleet, const BoardConfig& config)
    : config_(config),
      product_(fleet.product),
      hardware_(fleet.hardware),
      key_store_(fleet.update_keys),
      kv_(config.flash_file + ".nvs"),
      flash_(config.flash_file),
      network_(config.seed),
      mqtt_(account_of(fleet, config)),
      slots_(config.flash_file + ".slots", {fleet.version, fleet.build, false}),
      download_(fleet.update_ca_file),
      system_(config.device_id),
      sensors_(config.kind, config.seed) {
    for (const UpdateKey& key : key_store_) keys_.push_back({key.id, key.key});
}

bool Machine::power_on() {
    clock_.power_on();
    image_ = slots_.power_on();
    BoardIdentity identity;
    identity.device_id = config_.device_id;
    identity.factory_id = config_.factory_id;
    identity.equipment_type = config_.equipment_type;
    identity.equipment_id = config_.equipment_id;
    identity.sensor_type = config_.sensor_type;
    identity.thing_id = config_.thing_id;
    identity.product = product_;
    identity.hardware = hardware_;
    identity.firmware_version = image_.version;
    identity.build = image_.build;
    identity.build_ms = 1'767'225'600'000;  // 2026-01-01: no virtual board runs before it
    identity.update_keys = keys_;
    board_.emplace(Ports{clock_, random_, kv_, flash_, network_, mqtt_, crypto_, slots_, download_, system_, sensors_}, identity);
    mqtt_.deliver_to(&*board_);
    return flash_.usable() && board_->start().ok();
}

std::uint64_t Machine::step() {
    mqtt_.step(clock_.monotonic_ms());
    const std::uint64_t next = board_->tick();
    if (system_.take_restart() || slots_.wants_restart()) restart();
    const std::uint64_t now = clock_.monotonic_ms();
    return next > now ? next - now : 0;
}

void Machine::restart() {
    mqtt_.deliver_to(nullptr);
    mqtt_.disconnect(false);
    system_.log(LogLevel::info, "restart");
    (void)power_on();
}

void Machine::shutdown() {
    board_->shutdown();
    mqtt_.step(clock_.monotonic_ms());
}

}  // namespace egiz::host
