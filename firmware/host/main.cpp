// virtual-board: the firmware core as a Linux process, one board or hundreds.
#include <curl/curl.h>
#include <mosquitto.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "fleet.hpp"

namespace {

volatile std::sig_atomic_t stop_requested = 0;

void on_signal(int) { stop_requested = 1; }

constexpr const char* help = R"(virtual-board --config FILE

Runs virtual sensor boards: the firmware's own core with files for flash and simulated sensors.

  --config FILE   JSON: {url, caFile, boards: [{device_id, factory_id, equipment_type, equipment_id, sensor_type,
                  thing_id, username, passwordFile | certFile + keyFile, flashFile, seed}],
                  updateKeys: [{id, publicKeyFile}], updateCaFile, product, hardware, version, build}
  --check         Reads the configuration, says what is wrong with it, and runs nothing.
  --json          Accepted; output is JSON lines already.
  --help          This text.

SIGINT and SIGTERM end it in order: undelivered telemetry is in the flash files, brokers see the boards go offline.
Exit code: 0 ended in order, 1 a board could not start, 2 wrong usage or configuration.
)";

struct Options {
    std::string config;
    bool check = false;
    bool help = false;
    bool valid = true;
};

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--config" && i + 1 < argc) {
            options.config = argv[++i];
        } else if (argument == "--check") {
            options.check = true;
        } else if (argument == "--help") {
            options.help = true;
        } else if (argument != "--json") {
            options.valid = false;
        }
    }
    options.valid = options.valid && (options.help || !options.config.empty());
    return options;
}

// A socket and a handful of files for every board.
void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

int run(const egiz::host::FleetConfig& config) {
    raise_file_limit();
    mosquitto_lib_init();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int code = 1;
    {
        egiz::host::Fleet fleet(config);
        if (fleet.power_on()) {
            std::printf("{\"event\":\"ready\",\"boards\":%zu}\n", config.boards.size());
            std::fflush(stdout);
            fleet.run(stop_requested);
            code = 0;
        }
    }
    curl_global_cleanup();
    mosquitto_lib_cleanup();
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options = parse(argc, argv);
    if (!options.valid || options.help) {
        std::fputs(help, options.help && options.valid ? stdout : stderr);
        return options.help && options.valid ? 0 : 2;
    }
    std::string problem;
    const auto config = egiz::host::read_fleet_config(options.config, problem);
    if (!config) {
        std::fprintf(stderr, "virtual-board: %s\n", problem.c_str());
        return 2;
    }
    if (options.check) return 0;
    struct sigaction action{};
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    // libmosquitto writes to sockets that the broker may have closed.
    std::signal(SIGPIPE, SIG_IGN);
    return run(*config);
}
