#!/bin/sh
# Many small programs in pipelines, as scripts use them. Prints nothing that depends on time or machine.
work=$(mktemp -d) && cd "$work" || exit 1
export TZ=UTC LC_ALL=C
umask 022

section() { printf '== %s\n' "$*"; }

section words
i=0
while [ $i -lt 500 ]; do
    echo "$((i * 7919 % 1009)) word$((i * 31 % 97)) $((i % 13))"
    i=$((i + 1))
done >numbers
wc numbers; md5sum <numbers; sha256sum numbers; cksum numbers
sort -n numbers | head -n 3; sort -k2,2 -k1,1nr numbers | tail -n 3; sort -u -k3,3n numbers | wc -l
cut -d' ' -f2 numbers | sort | uniq -c | sort -rn | head -n 5
awk '{ sum[$3] += $1 } END { for (k = 0; k < 13; k++) printf "%d:%d ", k, sum[k]; print "" }' numbers
awk 'function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) } BEGIN { print f(15), length("abc"), substr("hello", 2, 3), toupper("x") }'
sed -n '10,12p' numbers; sed -e 's/word\([0-9]*\)/<\1>/' -e '3q' numbers; sed '/word[0-8]/d' numbers | wc -l
tr a-z A-Z <numbers | head -n 1; rev numbers | head -n 1; tac numbers | head -n 1; nl numbers | tail -n 1
grep -c word1 numbers; grep -E '^1[0-9]+ word(5|6)' numbers | head -n 2; grep -vn '[0-8]$' numbers | wc -l
head -c 10 numbers | od -c; tail -c 12 numbers | hexdump -C; printf 'xxd\n' | xxd
paste -d, numbers numbers | head -n 1; fold -w 4 numbers | head -n 2; expand -t 4 numbers | wc -c
seq 3 -1 1 | xargs; seq 10 | xargs -n 3 echo; seq 5 | xargs -I{} echo "<{}>" | tr '\n' ' '; echo
expr 6 \* 7; factor 1001; echo '2^64; scale=10; 1/7' | bc; echo '3 4 + p' | dc; basename /a/b.c .c; dirname /a/b

section files
mkdir -p tree/a/b/c tree/d; touch tree/a/one tree/a/b/two tree/d/three; ln -s ../a/one tree/d/link; ln tree/a/one tree/hard
for n in 1 2 3 4 5; do seq $((n * 100)) >tree/a/b/c/file$n; done
find tree | sort; find tree -type f -size +1 | sort; find tree -name 'file*' -exec wc -l {} + | sort | tail -n 3
find tree -type f | sort | xargs md5sum; find tree -name 'file[12]' | sort | xargs cat | md5sum
find tree -type l; readlink tree/d/link; stat -c '%n %a %h %F' tree/hard tree/a tree/d/link
chmod 640 tree/hard; ls -l tree/hard | cut -c1-10; cp -a tree copy; diff -r tree copy && echo same
mv copy/d copy/moved; diff -rq tree copy | sort; rm -r copy/moved; du -a tree | wc -l; cmp tree/hard tree/a/one && echo equal
touch -d '2020-01-02 03:04:05' old; stat -c '%Y %n' old; [ numbers -nt old ] && echo newer; date -u -d @86400 '+%F %T'
dd if=numbers of=part bs=100 count=3 skip=1 2>/dev/null; wc -c <part; truncate -s 5000 part; wc -c <part
install -m 755 part copied; ls -l copied | cut -c1-10; rm -f part copied old; split -l 200 numbers piece; ls piece*; cat piece* | cmp - numbers && echo whole

section archives
tar cf all.tar tree; tar tf all.tar | sort | md5sum; mkdir out; tar xf all.tar -C out; diff -r tree out/tree && echo unpacked
tar czf all.tgz tree; rm -r out; mkdir out; tar xzf all.tgz -C out && diff -r tree out/tree && echo "through gzip"
gzip -k numbers; gunzip -c numbers.gz | cmp - numbers && echo gzip; zcat numbers.gz | tail -n 1
bzip2 -k numbers; bunzip2 -c numbers.bz2 | cmp - numbers && echo bzip2
find tree -type f | sort | cpio -o -H newc 2>/dev/null >all.cpio; mkdir again; (cd again && cpio -id 2>/dev/null <../all.cpio); diff -r tree again/tree | sort
uuencode numbers x | uudecode -o - | cmp - numbers && echo uucode; base64 numbers | base64 -d | cmp - numbers && echo base64
cat numbers | gzip | gzip -d | bzip2 | bzip2 -d | sort | sort -r | sort | md5sum

section differences
sed 's/word5/changed/; 20d; 30a\added' numbers >changed
diff numbers changed | head -n 8; diff -u numbers changed | tail -n +3 | md5sum
diff -u numbers changed >patch; cp numbers patched; patch patched patch >/dev/null; cmp patched changed && echo patched
comm -12 numbers changed 2>/dev/null | wc -l
ed -s patched <<END 2>/dev/null | head -n 3
1,2p
2s/word/WORD/p
wq
END

section large
seq 1 20000 >large; wc -l <large; sort -rn large | sed -n '1p;$p'; awk '{ s += $1 } END { print s }' large
cat large large large | grep -c 99; tr -d '\n' <large | wc -c; sort -r large | sort -n | cmp - large && echo shuffled
yes elfin | head -n 20000 | uniq -c; dd if=/dev/zero bs=65536 count=40 2>/dev/null | md5sum
n=0; for f in tree/a/b/c/*; do n=$((n + $(wc -l <"$f"))); done; echo $n
for n in 1 2 3 4; do (seq $((n * 1000)) | sort | md5sum >sum$n) & done; wait; cat sum1 sum2 sum3 sum4
cd / && rm -r "$work" && echo cleaned
