#!/usr/bin/env bash
# Writes a district's roster as a OneRoster 1.2 folder, of people who plainly are not: 150 students and 8 staff of two schools.
# The same words give the same people, so that taking it up twice changes nothing the second time.
# Usage: scripts/example/roster.sh FOLDER DISTRICT NAME FIRST-SCHOOL SECOND-SCHOOL FIRST-NUMBER
set -euo pipefail
folder=$1 district=$2 name=$3 schools=("$4" "$5") first=$6

# Fruit, animals and kitchen things; none is a family's name, and all say what they are.
given=(Acorn Biscuit Clover Dapple Ember Fennel Goose Hazelnut Icicle Juniper Kettle Lantern Marble Noodle Otter Pebble
  Quill Raisin Sparrow Teapot Umber Velvet Walnut Xylo Yarrow Zigzag)
family=(Example Sample Placeholder Testcase Invented Madeup Pretend Specimen Fictional Mockup)

mkdir -p "$folder"
cd "$folder"

cat > manifest.csv <<CSV
propertyName,value
manifest.version,1.0
oneroster.version,1.2
file.orgs,bulk
file.classes,bulk
file.users,bulk
file.roles,bulk
file.enrollments,bulk
source.systemName,Rollcall's example
CSV

{
  echo 'sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId'
  echo "d,,,$name,district,$district,"
  for school in 0 1; do echo "s$school,,,${schools[school]},school,$((school + 1)),d"; done
} > orgs.csv

classes='sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId'
classes+=',termSourcedIds,subjects,subjectCodes,periods'
users='sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms'
users+=',phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,preferredGivenName'
users+=',preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns'
echo "$classes" > classes.csv
echo "$users" > users.csv
echo 'sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId' \
  > roles.csv
echo 'sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate' \
  > enrollments.csv

# person ID ROLE GIVEN FAMILY NUMBER SCHOOL GRADE
person() {
  local login=${3,,}.${4,,}.$5
  echo "$1,,,true,$login,,$3,$4,,$5,$login@$district.example,,,,$7,,,,,,,s$6," >> users.csv
  echo "$1-r,,,$1,primary,$2,,,s$6," >> roles.csv
}

for school in 0 1; do
  for room in 0 1 2 3; do
    grade=$((school * 6 + room + 1))
    echo "c$school$room,,,Homeroom $grade,$grade,course,${district%%-*}-h$grade,homeroom,,s$school,term,,," >> classes.csv
    staff=$((school * 4 + room))
    person "t$staff" teacher "${given[staff]}" Teacherly "T$((first + staff))" "$school" ""
    echo "c$school$room-t$staff,,,c$school$room,s$school,t$staff,teacher,true,," >> enrollments.csv
  done
done
for ((student = 0; student < 150; student++)); do
  school=$((student % 2)) room=$((student / 2 % 4))
  person "u$student" student "${given[student % 26]}" "${family[student / 26 * 3 % 10]}" "$((first + student))" "$school" \
    "$((school * 6 + room + 1))"
  echo "c$school$room-u$student,,,c$school$room,s$school,u$student,student,false,," >> enrollments.csv
done
