// The floor of a full collection: the same files of the kernel and the package database, read and cut by plain C.
//
//   cc -O2 -o agent-floor bench/agent-floor.c && ./agent-floor [ROOT] [ROUNDS]
//
// It reads what the agent reads (attributes, tables, links, the list of packages, sorted) and prints the CPU time of
// each round in milliseconds and the peak memory; it writes no JSON and hashes nothing.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static const char *root = "";
static char buffer[64 << 10];
static unsigned long checksum;

static const char *full(const char *path) {
  static char name[4096];
  snprintf(name, sizeof name, "%s/%s", root, path);
  return name;
}

static size_t slurp(const char *path) {
  int file = open(full(path), O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  size_t filled = 0;
  ssize_t got;
  while (filled < sizeof buffer && (got = read(file, buffer + filled, sizeof buffer - filled)) > 0) filled += got;
  close(file);
  for (size_t i = 0; i < filled; i++) checksum += (unsigned char)buffer[i];
  return filled;
}

static void attributes(const char *folder, const char *const *names) {
  char path[2048];
  for (; *names; names++) {
    snprintf(path, sizeof path, "%s/%s", folder, *names);
    slurp(path);
  }
}

static void each(const char *folder, const char *prefix, const char *const *names) {
  DIR *listing = opendir(full(folder));
  if (!listing) return;
  struct dirent *entry;
  while ((entry = readdir(listing))) {
    if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix))) continue;
    char path[1024], link[4096];
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (realpath(full(path), link)) checksum += strlen(link);
    attributes(path, names);
  }
  closedir(listing);
}

struct package { char *line; size_t length; };

static int order(const void *left, const void *right) {
  const struct package *a = left, *b = right;
  size_t shared = a->length < b->length ? a->length : b->length;
  int difference = memcmp(a->line, b->line, shared);
  return difference ? difference : (a->length > b->length) - (a->length < b->length);
}

static size_t packages(void) {
  static char arena[4 << 20];
  static struct package list[32768];
  FILE *file = fopen(full("var/lib/dpkg/status"), "r");
  if (!file) return 0;
  char *line = NULL, *fill = arena;
  size_t room = 0, count = 0;
  ssize_t length;
  char name[256] = "", version[256] = "", architecture[64] = "";
  int installed = 0;
  while ((length = getline(&line, &room, file)) > 0 && count < 32768 && fill < arena + sizeof arena - 1024) {
    line[length - 1] = 0;
    if (length == 1) {
      if (installed && *name) {
        int written = sprintf(fill, "%s\t%s\t%s\tdpkg\n", name, version, architecture);
        list[count++] = (struct package){fill, written};
        fill += written;
      }
      installed = 0;
      *name = *version = *architecture = 0;
    } else if (*line == 'P' && !strncmp(line, "Package: ", 9)) snprintf(name, sizeof name, "%s", line + 9);
    else if (*line == 'V' && !strncmp(line, "Version: ", 9)) snprintf(version, sizeof version, "%s", line + 9);
    else if (*line == 'A' && !strncmp(line, "Architecture: ", 14)) snprintf(architecture, 64, "%s", line + 14);
    else if (*line == 'S' && !strncmp(line, "Status: ", 8)) installed = strstr(line, " ok installed") != NULL;
  }
  fclose(file);
  free(line);
  qsort(list, count, sizeof *list, order);
  for (size_t i = 0; i < count; i++) checksum += list[i].length;
  return count;
}

static size_t collect(void) {
  static const char *const dmi[] = {"product_serial", "product_uuid", "board_serial", "chassis_serial",
    "chassis_asset_tag", "sys_vendor", "product_name", "product_version", "product_family", "product_sku", "board_name",
    "bios_vendor", "bios_version", "bios_date", "chassis_type", NULL};
  static const char *const disk[] = {"removable", "hidden", "size", "queue/rotational", "serial", "device/model",
    "device/serial", "device/firmware_rev", NULL};
  static const char *const net[] = {"type", "address", "addr_assign_type", "operstate", "speed", "carrier", NULL};
  static const char *const power[] = {"type", "scope", "present", "manufacturer", "model_name", "serial_number",
    "technology", "energy_full_design", "energy_full", "cycle_count", "capacity", "status", NULL};
  static const char *const zone[] = {"type", "temp", NULL};
  static const char *const chip[] = {"name", "temp1_input", "temp2_input", "temp3_input", NULL};
  static const char *const tables[] = {"proc/cpuinfo", "proc/meminfo", "proc/meminfo", "proc/stat",
    "proc/self/mountinfo", "proc/sys/kernel/hostname", "proc/sys/kernel/osrelease", "proc/sys/kernel/random/boot_id",
    "proc/sys/kernel/arch", "etc/os-release", "proc/net/wireless", "sys/class/tpm/tpm0/tpm_version_major",
    "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", NULL};
  struct statvfs space;
  attributes("sys/class/dmi/id", dmi);
  for (const char *const *table = tables; *table; table++) slurp(*table);
  static const char *const kinds[] = {"nvme", "sd", "vd", "mmcblk", NULL};
  for (const char *const *kind = kinds; *kind; kind++) each("sys/block", *kind, disk);
  each("sys/class/net", "e", net);
  each("sys/class/net", "w", net);
  each("sys/class/power_supply", "", power);
  each("sys/class/thermal", "thermal_zone", zone);
  each("sys/class/hwmon", "hwmon", chip);
  if (statvfs("/", &space) == 0) checksum += space.f_blocks;
  return packages();
}

int main(int count, char **words) {
  if (count > 1 && strcmp(words[1], "/")) root = words[1];
  int rounds = count > 2 ? atoi(words[2]) : 1;
  for (int round = 0; round < rounds; round++) {
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    size_t found = collect();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    printf("%.2f ms CPU, %zu packages\n",
      (after.tv_sec - before.tv_sec) * 1e3 + (after.tv_nsec - before.tv_nsec) / 1e6, found);
  }
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("peak %ld KiB (checksum %lu)\n", usage.ru_maxrss, checksum);
  return 0;
}
